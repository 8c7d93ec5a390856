/// Says how much of the traffic to take, from how much there was: half, a quarter or less of the machines where there is
/// too much, step by step all again where there is little.
struct LoadGauge {
    /// Milliseconds that are looked at together.
    private static let window: Int64 = 200

    private let limit: Int
    private var began: Int64?
    private var count = 0
    /// One machine in 2^`shift` is taken.
    private(set) var shift = 0

    /// - Parameter limit: frames a second.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a number of frames; gives the new shift where it changes.
    mutating func take(_ frames: Int, at now: Int64) -> Int? {
        guard let began else {
            self.began = now
            count = frames
            return nil
        }
        count += frames
        let passed = now - began
        guard passed >= Self.window else { return nil }
        let rate = count * 1000 / Int(clamping: passed)
        self.began = now
        count = 0
        let before = shift
        var expected = rate
        while expected > limit, shift < 7 {
            shift += 1
            expected /= 2
        }
        if rate < limit / 4, shift > 0 { shift -= 1 }
        return shift == before ? nil : shift
    }
}
