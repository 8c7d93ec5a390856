/// How long acknowledgments take to come, and for how long to wait for one (RFC 6298). In microseconds.
struct TFTPRoundTrip: Hashable, Sendable {
    /// Of the timers.
    static let granularity: Int64 = 200

    private(set) var smoothed: Int64?
    private var variation: Int64 = 0
    /// The shortest ever: what comes sooner after a packet cannot be its echo.
    private(set) var shortest: Int64?

    mutating func take(_ sample: Int64) {
        let sample = max(sample, 0)
        shortest = min(shortest ?? .max, sample)
        guard let smoothed else {
            smoothed = sample
            variation = sample / 2
            return
        }
        variation += (abs(smoothed - sample) - variation) / 4
        self.smoothed = smoothed + (sample - smoothed) / 8
    }

    /// The wait after `doublings` waits in vain.
    func timeout(after doublings: Int, _ settings: TFTPSettings) -> Int64 {
        var wait = settings.firstWait * 1000
        if let smoothed {
            wait = max(settings.shortestWait, smoothed + max(Self.granularity, 4 * variation))
        }
        // A client that has answered before is asked more often: 31 s of patience must hold more than a few tries.
        let most =
            smoothed == nil ? settings.longestWait * 1000 : min(settings.longestWait * 1000, max(1_000_000, wait))
        return min(most, min(wait, most) << Int64(min(max(doublings, 0), 16)))
    }
}
