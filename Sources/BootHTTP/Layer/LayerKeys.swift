import Synchronization

/// Which key each boot attempt's agent named first. A second key for the same attempt is somebody who overheard the
/// attempt's token, and gets nothing.
final class LayerKeys: Sendable {
    private let keys = Mutex<[Int64: String]>([:])
    /// Attempts are never told to be over; beyond this many the oldest half is dropped.
    private static let capacity = 32_768

    /// Whether `key` is the one of the attempt, which it becomes if there is none.
    func accept(_ key: String, of attempt: Int64) -> Bool {
        keys.withLock { keys in
            if let known = keys[attempt] { return known == key }
            if keys.count >= Self.capacity {
                for old in keys.keys.sorted().prefix(Self.capacity / 2) { keys[old] = nil }
            }
            keys[attempt] = key
            return true
        }
    }

    subscript(attempt: Int64) -> String? { keys.withLock { $0[attempt] } }
}
