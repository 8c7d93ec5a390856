internal import Synchronization

/// How fast a server sends capsules' bytes, in all or to one node: a limit over all connections that share it.
///
/// A connection asks for a slice, waits its turn, sends it, and asks for the next. Slices are given out in the order in
/// which they are asked for, and a connection has one at a time; so those that want to send get equal shares, however
/// many others there are, and what one does not use goes to the rest.
public final class StreamPace: Sendable {
    public let bytesPerSecond: Int64
    /// Bytes that a connection asks for at once: a millisecond's worth, 16 KiB to 1 MiB.
    let slice: Int
    /// When all slices so far are paid for, in nanoseconds of the monotonic clock.
    private let paidUntil = Mutex<Int64>(0)

    /// - Parameter bytesPerSecond: at least 1.
    public init(bytesPerSecond: Int64) {
        self.bytesPerSecond = max(1, bytesPerSecond)
        slice = Int(max(16 << 10, min(self.bytesPerSecond / 1000, 1 << 20)))
    }

    /// Takes the right to send `bytes` more, at most a slice.
    /// - Parameter now: milliseconds of the monotonic clock.
    /// - Returns: for how long to wait before, in milliseconds.
    func take(_ bytes: Int, at now: Int64) -> Int64 {
        let price = Int64(min(max(0, bytes), slice)) * 1_000_000_000 / bytesPerSecond
        return paidUntil.withLock { paidUntil in
            // Nothing is saved up: after a pause the pace is the same as ever.
            let begin = max(now * 1_000_000, paidUntil)
            paidUntil = begin + price
            return (begin - now * 1_000_000) / 1_000_000
        }
    }
}
