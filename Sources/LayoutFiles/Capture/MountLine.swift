/// A line of fstab(5).
struct MountLine {
    var spec: String
    var point: String
    var kind: String
    var options: String
    var dump: Int
    var pass: Int

    static func lines(of text: String) -> [MountLine] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace).map { unescaped(String($0)) }
            guard words.count >= 3, !words[0].hasPrefix("#") else { return nil }
            return MountLine(
                spec: words[0], point: words[1], kind: words[2], options: words.count > 3 ? words[3] : "defaults",
                dump: words.count > 4 ? Int(words[4]) ?? 0 : 0, pass: words.count > 5 ? Int(words[5]) ?? 0 : 0)
        }
    }

    /// Blanks and tabs are `\040` and `\011`.
    private static func unescaped(_ text: String) -> String {
        text.replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}
