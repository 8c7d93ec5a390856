/// How the content that a node runs is written down in its `ready` event, and found there again.
public enum RunningContent {
    private static let words = "; content "

    /// `; content 0123…`; nothing for what is no SHA-256 in hex.
    public static func text(_ digest: String) -> String {
        isDigest(digest) ? words + digest : ""
    }

    /// The digest at the end of `detail`.
    public static func read(from detail: String) -> String? {
        guard detail.utf8.count >= 64 else { return nil }
        let digest = String(detail.suffix(64))
        return detail.dropLast(64).hasSuffix(words) && isDigest(digest) ? digest : nil
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
