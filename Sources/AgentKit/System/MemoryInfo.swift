/// The fields of /proc/meminfo that the agent measures itself with, in bytes.
package struct MemoryInfo: Hashable, Sendable {
    package var totalBytes: Int64
    /// What the kernel reckons could be had without swapping (MemAvailable).
    package var availableBytes: Int64

    /// Memory that is taken: by processes, by the kernel, and by files in tmpfs.
    package var usedBytes: Int64 { max(0, totalBytes - availableBytes) }

    /// Nil unless both fields are there.
    package init?(_ text: String) {
        var fields: [Substring: Int64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, let kibibytes = Int64(words[1]), (0...(1 << 50)).contains(kibibytes) else {
                continue
            }
            fields[words[0]] = kibibytes * 1024
        }
        guard let total = fields["MemTotal:"], let available = fields["MemAvailable:"] else { return nil }
        totalBytes = total
        availableBytes = available
    }

    package static func now() -> MemoryInfo? {
        SmallFile.text("/proc/meminfo").flatMap { MemoryInfo($0) }
    }
}

/// Bytes for people: `97.2 MB` (decimal) where wire and files are meant.
func megabytes(_ bytes: Int64) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
}

/// Bytes for people: `812 MiB` (binary) where memory is meant.
func mebibytes(_ bytes: Int64) -> String {
    "\((bytes + (1 << 19)) >> 20) MiB"
}

/// Milliseconds for people: `0.4 s`.
func seconds(_ milliseconds: Int64) -> String {
    let tenths = (max(0, milliseconds) + 50) / 100
    return "\(tenths / 10).\(tenths % 10) s"
}
