/// How often one machine may ask: a bucket of messages that fills again as time goes on.
///
/// No client comes near it: a ROM sends a message every few seconds, a whole boot about a dozen. Whoever floods costs
/// one look-up a message and keeps nobody else from being answered.
struct ClientPace: Hashable, Sendable {
    /// Messages at once.
    static let burst: Int64 = 40
    /// Messages a second in the long run.
    static let rate: Int64 = 20
    private static let spacing = 1000 / rate

    /// When the bucket is full again; milliseconds since 1970.
    private var fullAt: Int64 = .min
    /// Messages dropped since the last report.
    private(set) var dropped = 0
    /// When the first of them was dropped.
    private(set) var droppedSince: Int64 = 0

    /// When the last report was taken.
    private var reported: Int64?

    /// A second from now; half a minute after the report before.
    func reportDue(at now: Int64) -> Int64 { max(now + 1_000, (reported ?? now - 30_000) + 30_000) }

    /// Whether one more message may be looked at; counts it where not.
    mutating func take(at now: Int64) -> Bool {
        let start = max(fullAt, now)
        // A clock that was set back must not close the bucket for good.
        if start - now > Self.spacing * Self.burst { fullAt = now }
        guard max(fullAt, now) - now <= Self.spacing * (Self.burst - 1) else {
            if dropped == 0 { droppedSince = now }
            dropped += 1
            return false
        }
        fullAt = max(fullAt, now) + Self.spacing
        return true
    }

    /// How many messages were dropped since the last report, and from when on; nil if none were.
    mutating func takeReport(at now: Int64) -> (dropped: Int, since: Int64)? {
        guard dropped > 0 else { return nil }
        reported = now
        defer { dropped = 0 }
        return (dropped, droppedSince)
    }
}
