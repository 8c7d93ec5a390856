/// How long a loop waits between two looks, so that what comes meanwhile shares the costs of a thread's wake, a call and
/// a write. What comes alone is answered at once; the wait is short as long as the processors have time for that, and
/// long in a storm.
struct GatheringPause {
    /// The least time from one look to the next below and above `storm`.
    let short: Duration
    let long: Duration
    /// What comes in a second where a storm begins.
    let storm: Int
    private var isLong = false

    init(short: Duration, long: Duration, storm: Int) {
        self.short = short
        self.long = long
        self.storm = storm
    }

    /// What is left to wait.
    /// - Parameters:
    ///   - count: what was there at this look: it came since the one before.
    ///   - elapsed: since this look began.
    mutating func rest(after count: Int, elapsed: Duration) -> Duration {
        let interval = isLong ? long : short
        // Per second, by what an interval would bring at that rate.
        isLong = Double(count) >= Double(storm) * (max(interval, elapsed) / .seconds(1))
        return max(.zero, (isLong ? long : short) - elapsed)
    }
}
