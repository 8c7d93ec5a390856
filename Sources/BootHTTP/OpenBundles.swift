import PacketIO
import Synchronization

/// Bundles that are being fetched, held open: a thousand nodes ask for the same few at once.
final class OpenBundles: Sendable {
    private struct Entry {
        let file: ReadOnlyFile
        /// Milliseconds, monotonic.
        let opened: Int64
    }

    private let entries = Mutex<[String: Entry]>([:])
    /// Most files held open here.
    static let capacity = 256
    /// After which a file is opened again, so that one which was put in order is found: milliseconds.
    static let lifetime: Int64 = 10_000

    /// The bundle with this id if it is open.
    func file(_ id: String, at now: Int64) -> ReadOnlyFile? {
        entries.withLock { entries in
            guard let entry = entries[id], now - entry.opened < Self.lifetime else { return nil }
            return entry.file
        }
    }

    /// Holds a bundle open from now on, unless another thread was faster.
    /// - Returns: the one that all are to have: the file is brought into memory once.
    func keep(_ file: ReadOnlyFile, as id: String, at now: Int64) -> ReadOnlyFile {
        entries.withLock { entries in
            if let entry = entries[id], now - entry.opened < Self.lifetime { return entry.file }
            if entries.count >= Self.capacity, entries[id] == nil {
                entries = entries.filter { now - $0.value.opened < Self.lifetime }
                if entries.count >= Self.capacity, let oldest = entries.min(by: { $0.value.opened < $1.value.opened }) {
                    entries[oldest.key] = nil
                }
            }
            entries[id] = Entry(file: file, opened: now)
            return file
        }
    }

    /// For a file that is not what it was.
    func drop(_ id: String) {
        entries.withLock { $0[id] = nil }
    }
}
