/// What a storm measured, for people and for `--json`.
public struct StormReport: Codable, Hashable, Sendable {
    /// Percentiles of a duration in milliseconds, each at most 1.6 % too high; the maximum is exact.
    public struct Latency: Codable, Hashable, Sendable {
        public var p50: Double
        public var p90: Double
        public var p99: Double
        public var max: Double

        init(_ histogram: LatencyHistogram) {
            p50 = Self.milliseconds(histogram.percentile(50))
            p90 = Self.milliseconds(histogram.percentile(90))
            p99 = Self.milliseconds(histogram.percentile(99))
            max = Self.milliseconds(histogram.maximum)
        }

        private static func milliseconds(_ nanoseconds: Int64) -> Double { (Double(nanoseconds) / 1e4).rounded() / 100 }
    }

    public var shape: String
    /// Exchanges: begun, ended by an ACK, given up, still open when the time was over.
    public var begun: Int
    public var completed: Int
    public var lost: Int
    public var open: Int
    /// Exchanges begun and completed per second, from the first begun to the last completed.
    public var offeredPerSecond: Double
    public var answeredPerSecond: Double
    /// Of 100 exchanges begun, those that were not completed.
    public var lossPercent: Double
    public var repeated: Int
    /// Messages that the generator's kernel did not take.
    public var unsent: Int
    public var givenTwice: Int
    public var wrong: Int
    /// How many answers were wrong in which way.
    public var faults: [String: Int]
    public var late: Int
    /// Seconds from the start to the last ACK.
    public var seconds: Double
    public var offer: Latency
    public var acknowledgement: Latency
    public var exchange: Latency
    /// How late the generator began exchanges: where this is long, the generator was the limit.
    public var lag: Latency

    init(_ tally: StormTally, shape: ClientShape, elapsed: Int64) {
        self.shape = shape.rawValue
        begun = tally.begun
        completed = tally.completed
        lost = tally.lost
        open = tally.begun - tally.completed - tally.lost
        let span = Double(max(1, tally.completed > 0 ? tally.lastCompletion : elapsed)) / 1e9
        offeredPerSecond = (Double(tally.begun) / span).rounded()
        answeredPerSecond = (Double(tally.completed) / span).rounded()
        lossPercent = tally.begun == 0 ? 0 : (1e4 * Double(lost + open) / Double(tally.begun)).rounded() / 100
        repeated = tally.repeated
        unsent = tally.unsent
        givenTwice = tally.givenTwice
        wrong = tally.wrong
        faults = Dictionary(uniqueKeysWithValues: tally.faults.map { ($0.key.rawValue, $0.value) })
        late = tally.late
        seconds = (span * 1000).rounded() / 1000
        offer = Latency(tally.offer)
        acknowledgement = Latency(tally.acknowledgement)
        exchange = Latency(tally.exchange)
        lag = Latency(tally.lag)
    }

    /// Lines for a terminal.
    public var text: String {
        var lines = [
            "\(shape): \(begun) exchanges begun, \(completed) completed, \(lost) lost, \(open) open, "
                + "in \(seconds) s",
            "offered \(Int(offeredPerSecond))/s, answered \(Int(answeredPerSecond))/s, loss \(lossPercent) %",
            Self.row("DISCOVER to OFFER", offer), Self.row("REQUEST to ACK", acknowledgement),
            Self.row("whole exchange", exchange), Self.row("generator's lag", lag),
            "repeated \(repeated), not sent \(unsent), late answers \(late)",
            "addresses given twice: \(givenTwice)", "wrong answers: \(wrong)",
        ]
        lines += faults.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ latency: Latency) -> String {
        "\(name): p50 \(latency.p50) ms, p90 \(latency.p90) ms, p99 \(latency.p99) ms, max \(latency.max) ms"
    }
}
