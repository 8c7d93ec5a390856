/// Pauses that double from one failure to the next up to a limit, so that neither a node nor a server is busy
/// with failing.
package struct Backoff: Hashable, Sendable {
    /// Milliseconds.
    private let first: Int64
    private let limit: Int64
    /// Failures since the last success.
    package private(set) var failures = 0

    package init(first: Int64, limit: Int64) {
        self.first = max(1, first)
        self.limit = max(self.first, limit)
    }

    /// Between tries of a whole boot: 2 s to 60 s.
    package static let boot = Backoff(first: 2_000, limit: 60_000)
    /// Between tries of a transfer: 0.5 s to 10 s.
    package static let transfer = Backoff(first: 500, limit: 10_000)

    /// The pause after one more failure, in milliseconds.
    /// - Parameter spread: 0...1, a random number: a thousand nodes that lost their server together are to come back
    ///   over time. The pause is shortened by up to a quarter.
    package mutating func next(spread: Double) -> Int64 {
        let doublings = min(failures, 30)
        failures += 1
        let (product, overflow) = first.multipliedReportingOverflow(by: 1 << Int64(doublings))
        let pause = overflow ? limit : min(limit, product)
        return pause - Int64(Double(pause / 4) * min(max(spread, 0), 1))
    }

    package mutating func reset() {
        failures = 0
    }
}
