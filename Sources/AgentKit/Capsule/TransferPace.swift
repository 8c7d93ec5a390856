/// How fast a transfer may ask: a limit in bytes a second over all its connections (a token bucket without a store,
/// so that no burst follows a pause).
package struct TransferPace: Hashable, Sendable {
    /// Nil: as fast as it goes.
    package let bytesPerSecond: Int64?
    /// When the bytes asked for so far are paid for, in microseconds.
    private var paidUntil: Int64 = 0

    package init(bytesPerSecond: Int64?) {
        self.bytesPerSecond = bytesPerSecond.map { max(1, $0) }
    }

    /// Takes the right to ask for `bytes` more.
    /// - Parameter now: milliseconds.
    /// - Returns: for how long to wait before, in milliseconds.
    package mutating func take(_ bytes: Int, at now: Int64) -> Int64 {
        guard let bytesPerSecond else { return 0 }
        let now = now * 1000
        let begin = max(now, paidUntil)
        let (product, overflow) = Int64(max(0, bytes)).multipliedReportingOverflow(by: 1_000_000)
        paidUntil = begin + (overflow ? Int64(3_600_000_000) : product / bytesPerSecond)
        return (begin - now) / 1000
    }

    /// The longest range to ask for at this pace, in bytes: about a quarter of a second's worth, never less than one
    /// request is worth and never more than `limit`.
    package func rangeLength(atMost limit: Int) -> Int {
        guard let bytesPerSecond else { return limit }
        return min(limit, max(64 << 10, Int(clamping: bytesPerSecond / 4)))
    }
}
