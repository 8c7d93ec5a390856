internal import BootProtocols

/// What a storm of TFTP clients found.
public struct TFTPStormReport: Codable, Hashable, Sendable {
    public var clients: Int
    public var blockSize: Int
    public var windowSize: Int
    /// Files that arrived whole.
    public var completed: Int
    /// Transfers that failed, by reason.
    public var failures: [String: Int]
    /// Of all files, in bytes.
    public var bytes: Int
    public var seconds: Double
    /// 10^6 bytes each second, of all clients together.
    public var megabytesPerSecond: Double
    /// From request to last block, in milliseconds.
    public var p50: Double
    public var p99: Double
    public var longest: Double
    /// Packets that clients sent again.
    public var retransmissions: Int
    /// Packets that the kernel did not take.
    public var unsent: Int

    public var failed: Int { failures.values.reduce(0, +) }

    init(_ tally: TFTPStormTally, _ load: TFTPStorm.Load, microseconds: Int64) {
        func milliseconds(_ nanoseconds: Int64) -> Double { (Double(nanoseconds) / 1e4).rounded() / 100 }
        clients = load.clients
        blockSize = load.wishes.blockSize
        windowSize = load.wishes.windowSize
        completed = tally.completed
        failures = tally.failures
        bytes = tally.bytes
        seconds = (Double(microseconds) / 1e3).rounded() / 1e3
        megabytesPerSecond = microseconds > 0 ? (Double(tally.bytes) / Double(microseconds) * 100).rounded() / 100 : 0
        p50 = milliseconds(tally.completion.percentile(50))
        p99 = milliseconds(tally.completion.percentile(99))
        longest = milliseconds(tally.completion.maximum)
        retransmissions = tally.retransmissions
        unsent = tally.unsent
    }

    /// For people.
    public var text: String {
        var lines = [
            "\(completed) files whole, \(failed) failed, \(bytes) bytes in \(seconds) s: \(megabytesPerSecond) MB/s",
            "file: p50 \(p50) ms, p99 \(p99) ms, max \(longest) ms",
            "sent again by clients: \(retransmissions); not sent: \(unsent)",
        ]
        lines += failures.sorted { $0.key < $1.key }.map { "  \($0.value) x \($0.key)" }
        return lines.joined(separator: "\n")
    }
}
