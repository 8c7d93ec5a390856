/// How far rsync is, from the lines that it prints with `--info=progress2 --no-inc-recursive`:
/// `  1,234,567  42%   10.51MB/s    0:00:01 (xfr#5, to-chk=169/396)`.
struct CopyMeter {
    /// Bytes of files that were gone through.
    private(set) var done: Int64 = 0
    /// Bytes of all files, as near as whole per cents tell; nil before the first of these.
    private(set) var total: Int64?

    /// - Returns: whether it was such a line.
    mutating func read(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        guard words.count >= 4, words[1].last == "%", words[2].hasSuffix("/s"),
            let bytes = Int64(words[0].filter { $0 != "," }), let percent = Int64(words[1].dropLast()), bytes >= 0,
            bytes < 1 << 53
        else { return false }
        done = bytes
        if (1...100).contains(percent) { total = max(bytes, bytes / percent * 100) }
        return true
    }
}
