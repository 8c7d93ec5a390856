/// What came of an HTTP load so far.
public struct HTTPTally: Hashable, Sendable {
    /// Why a request came to nothing.
    public enum Failure: String, CaseIterable, Hashable, Sendable {
        case connect = "no connection"
        case broken = "connection broken in the middle"
        case timedOut = "nothing came in time"
        case unreadable = "not an HTTP answer with a length"
        case status = "another status than 206 or 503"
        case length = "another length than asked for"
    }

    /// Bytes of bodies.
    public internal(set) var bytes: Int64 = 0
    public internal(set) var completed = 0
    /// Answered 503: asked again after the time that the server named.
    public internal(set) var putOff = 0
    public internal(set) var failures: [Failure: Int] = [:]
    /// Clients that have all their pieces.
    public internal(set) var finished = 0
    public internal(set) var connects = 0
    /// From a request until the first and the last byte of its answer.
    public internal(set) var first = LatencyHistogram()
    public internal(set) var whole = LatencyHistogram()

    public var failed: Int { failures.values.reduce(0, +) }

    mutating func add(_ other: HTTPTally) {
        bytes += other.bytes
        completed += other.completed
        putOff += other.putOff
        failures.merge(other.failures, uniquingKeysWith: +)
        finished += other.finished
        connects += other.connects
        first.add(other.first)
        whole.add(other.whole)
    }
}

/// What an HTTP load measured, for people and for `--json`.
public struct HTTPReport: Codable, Hashable, Sendable {
    public var connections: Int
    public var seconds: Double
    public var bytes: Int64
    /// 10^6 bytes per second.
    public var megabytesPerSecond: Double
    public var completed: Int
    public var finished: Int
    public var putOff: Int
    public var failed: Int
    /// How many requests failed in which way.
    public var failures: [String: Int]
    public var connects: Int
    /// From a request until the first and the last byte of its answer.
    public var first: StormReport.Latency
    public var whole: StormReport.Latency

    init(_ tally: HTTPTally, connections: Int, nanoseconds: Int64) {
        self.connections = connections
        let span = Double(max(1, nanoseconds)) / 1e9
        seconds = (span * 1000).rounded() / 1000
        bytes = tally.bytes
        megabytesPerSecond = (Double(tally.bytes) / span / 1e5).rounded() / 10
        completed = tally.completed
        finished = tally.finished
        putOff = tally.putOff
        failed = tally.failed
        failures = Dictionary(uniqueKeysWithValues: tally.failures.map { ($0.key.rawValue, $0.value) })
        connects = tally.connects
        first = StormReport.Latency(tally.first)
        whole = StormReport.Latency(tally.whole)
    }

    /// Lines for a terminal.
    public var text: String {
        var lines = [
            "\(connections) clients: \(bytes) bytes in \(seconds) s, \(megabytesPerSecond) MB/s",
            "\(completed) answers, \(failed) failed, \(putOff) put off (503), \(finished) clients finished, "
                + "\(connects) connections made",
            "first byte: p50 \(first.p50) ms, p99 \(first.p99) ms, max \(first.max) ms",
            "whole answer: p50 \(whole.p50) ms, p99 \(whole.p99) ms, max \(whole.max) ms",
        ]
        lines += failures.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }
        return lines.joined(separator: "\n")
    }
}
