internal import Glibc
internal import PacketIO

/// What the kernel takes for itself while a disk is filled, held down: an install is to do with 256 MiB.
struct InstallMemory {
    private static let settings: [(path: String, value: String)] = [
        // What is written and not yet on the disk is memory, too: at most 16 MiB of it.
        ("/proc/sys/vm/dirty_bytes", "16777216"), ("/proc/sys/vm/dirty_background_bytes", "8388608"),
        // For huge pages, which nothing here has a use for, 64 MiB of 2 GiB are kept free (khugepaged).
        ("/sys/kernel/mm/transparent_hugepage/enabled", "never"),
    ]

    /// The limits in bytes are off as long as the shares of all memory are what counts, and the other way round.
    private static let kept = [
        "/proc/sys/vm/dirty_ratio", "/proc/sys/vm/dirty_background_ratio",
        "/sys/kernel/mm/transparent_hugepage/enabled",
    ]

    private let before: [(path: String, value: String)]

    /// What cannot be set stays as it is.
    static func tighten() -> InstallMemory {
        let before = kept.compactMap { path in SmallFile.text(path).map { (path, chosen($0)) } }
        for (path, value) in settings { write(value, to: path) }
        return InstallMemory(before: before)
    }

    /// A machine that boots without a disk after all has its kernel as it was.
    func relax() {
        for (path, value) in before { Self.write(value, to: path) }
    }

    /// `always` of `[always] madvise never`.
    private static func chosen(_ text: String) -> String {
        guard let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"), open < close else {
            return text
        }
        return String(text[text.index(after: open)..<close])
    }

    private static func write(_ value: String, to path: String) {
        if let file = try? FileDescriptor.open(path, O_WRONLY) { try? file.writeAll(Array(value.utf8).span.bytes) }
    }
}
