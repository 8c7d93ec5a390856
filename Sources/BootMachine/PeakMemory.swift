/// How an agent says in its report how much memory was in use at the most, and how others find it there.
public enum PeakMemory {
    private static let words = "memory peak "
    private static let unit = " MiB"

    /// `memory peak 123 MiB`, rounded up.
    public static func text(_ bytes: Int64) -> String {
        "\(words)\((max(0, min(bytes, 1 << 60)) + (1 << 20) - 1) >> 20)\(unit)"
    }

    /// The bytes that `text` told of, somewhere in `detail`; nil where it did not.
    public static func read(from detail: String) -> Int64? {
        guard let begin = detail.firstRange(of: words)?.upperBound else { return nil }
        let digits = detail[begin...].prefix { $0.isASCII && $0.isNumber }
        guard detail[digits.endIndex...].hasPrefix(unit), let mebibytes = Int64(digits), mebibytes <= 1 << 40 else {
            return nil
        }
        return mebibytes << 20
    }
}
