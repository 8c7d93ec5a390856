import Synchronization

/// What the HTTP server has done since it started, at one moment: for metrics.
public struct HTTPCounters: Hashable, Sendable {
    /// Open now.
    public var connections = 0
    /// Ranges and files under way to agents now.
    public var transfers = 0
    /// Connections accepted, and closed at once for want of room.
    public var accepted: Int64 = 0
    public var turnedAway: Int64 = 0
    /// Handshakes of TLS that failed.
    public var handshakeFailures: Int64 = 0
    /// Whole requests.
    public var requests: Int64 = 0
    /// Answers by the first digit of their status: 2 to 5.
    public var successes: Int64 = 0
    public var redirections: Int64 = 0
    public var refusals: Int64 = 0
    public var failures: Int64 = 0
    /// Answers 503 of the admission control.
    public var putOff: Int64 = 0
    /// Of files, as the kernel took them.
    public var bytes: Int64 = 0
    /// Answers that the client did not take to their end.
    public var broken: Int64 = 0
    /// Connections closed for a request that did not come, or an answer that was not taken, in time.
    public var tooSlow: Int64 = 0
    /// Parts of files that had to be read from the disk before they could be sent.
    public var diskReads: Int64 = 0
}

/// The counters as all connections share them.
final class HTTPMeter: Sendable {
    let accepted = Atomic<Int64>(0)
    let turnedAway = Atomic<Int64>(0)
    let handshakeFailures = Atomic<Int64>(0)
    let requests = Atomic<Int64>(0)
    let putOff = Atomic<Int64>(0)
    let bytes = Atomic<Int64>(0)
    let broken = Atomic<Int64>(0)
    let tooSlow = Atomic<Int64>(0)
    let diskReads = Atomic<Int64>(0)
    private let successes = Atomic<Int64>(0)
    private let redirections = Atomic<Int64>(0)
    private let refusals = Atomic<Int64>(0)
    private let failures = Atomic<Int64>(0)

    func countAnswer(_ status: Int) {
        switch status {
        case 200..<300: successes.add(1, ordering: .relaxed)
        case 300..<400: redirections.add(1, ordering: .relaxed)
        case 400..<500: refusals.add(1, ordering: .relaxed)
        default: failures.add(1, ordering: .relaxed)
        }
    }

    func snapshot(_ admission: Admission) -> HTTPCounters {
        var counters = HTTPCounters()
        counters.connections = admission.openConnections
        counters.transfers = admission.runningTransfers
        counters.accepted = accepted.load(ordering: .relaxed)
        counters.turnedAway = turnedAway.load(ordering: .relaxed)
        counters.handshakeFailures = handshakeFailures.load(ordering: .relaxed)
        counters.requests = requests.load(ordering: .relaxed)
        counters.successes = successes.load(ordering: .relaxed)
        counters.redirections = redirections.load(ordering: .relaxed)
        counters.refusals = refusals.load(ordering: .relaxed)
        counters.failures = failures.load(ordering: .relaxed)
        counters.putOff = putOff.load(ordering: .relaxed)
        counters.bytes = bytes.load(ordering: .relaxed)
        counters.broken = broken.load(ordering: .relaxed)
        counters.tooSlow = tooSlow.load(ordering: .relaxed)
        counters.diskReads = diskReads.load(ordering: .relaxed)
        return counters
    }
}
