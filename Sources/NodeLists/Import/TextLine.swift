import BootProtocols

/// A line of a list with its number.
struct TextLine {
    /// From 1.
    let number: Int
    /// Without white space around it.
    let text: Substring

    var words: [Substring] { text.split(whereSeparator: \.isWhitespace) }

    /// The lines that are not empty, without what follows `comment`.
    static func lines(of text: String, comment: Character?) -> [TextLine] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap {
            index, line in
            let bare = comment.flatMap { line.firstIndex(of: $0) }.map { line[..<$0] } ?? line
            let trimmed = bare.trimmed
            return trimmed.isEmpty ? nil : TextLine(number: index + 1, text: trimmed)
        }
    }
}

extension Substring {
    /// Without white space at either end.
    var trimmed: Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return self[first...last]
    }
}

extension String {
    /// A node's name as it stands here: the first label of a host name, in lower case.
    static func nodeName(_ text: some StringProtocol) -> String {
        String(text.prefix { $0 != "." }).lowercased()
    }
}

extension MACAddress {
    /// Reads octets without leading zeros as well, `0:1a:2b:3:4d:5e`: ether_ntoa(3) writes them so.
    init?(looseText text: some StringProtocol) {
        if let address = MACAddress(text) {
            self = address
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts.allSatisfy({ (1...2).contains($0.utf8.count) }) else { return nil }
        self.init(parts.map { $0.utf8.count == 1 ? "0" + $0 : String($0) }.joined(separator: ":"))
    }
}
