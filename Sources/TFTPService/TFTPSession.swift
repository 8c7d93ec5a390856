internal import BootProtocols

/// What stays the same during a transfer, held once.
final class TFTPTransferFacts: Sendable {
    let id: TFTPSessionID
    let client: TFTPClient
    let request: TFTPRequest
    let direction: TFTPTransfer.Direction
    /// Microseconds.
    let started: Int64

    init(
        id: TFTPSessionID, client: TFTPClient, request: TFTPRequest, direction: TFTPTransfer.Direction,
        at now: Int64
    ) {
        self.id = id
        self.client = client
        self.request = request
        self.direction = direction
        started = now
    }
}

/// One transfer: what was agreed and how far it is.
///
/// Blocks are counted from 0 without wrapping; block n stands as n + 1, modulo 65536, in its packet.
struct TFTPSession: Sendable {
    enum Phase: Hashable, Sendable {
        /// The content is being looked up.
        case opening
        /// The OACK is out, the ACK of block 0 is not in (RFC 2347).
        case negotiating
        case sending
        /// The client writes.
        case receiving
        /// What the client wrote is on its way to the disk; it hears of its last block when it is there.
        case storing
        /// Over. Kept a while to know its late packets.
        case lingering
    }

    let facts: TFTPTransferFacts
    var phase = Phase.opening
    var agreement = TFTPAgreement()
    /// Bytes of the file.
    var size = 0
    /// Of a read.
    var flow = TFTPFlow()
    /// Of a write.
    var blocks = TFTPBlockReceiver()
    var trip = TFTPRoundTrip()
    /// Waits in vain since the last round trip that was measured, and since the client was last heard.
    var doublings = 0
    var tries = 0
    var retransmissions = 0
    var heard: Int64
    var deadline = Int64.max
    /// When the session's entry among the timers is due.
    var timer = Int64.max
    var sendFailure: String?
    /// The packets that `deadline` is for never left this machine.
    var isUnsent = false

    init(_ facts: TFTPTransferFacts) {
        self.facts = facts
        heard = facts.started
    }

    var id: TFTPSessionID { facts.id }
    var client: TFTPClient { facts.client }
    var request: TFTPRequest { facts.request }
    var isActive: Bool { phase != .lingering }

    /// Nothing was acknowledged yet: the same request again is the first one repeated.
    var isFresh: Bool { isActive && flow.acknowledged == 0 && blocks.count == 0 }

    /// The client asked and was not heard since.
    var isHalfOpen: Bool { isActive && heard == facts.started }

    /// Blocks of the file; the last is short, and empty where the size is a multiple of the block size.
    var blockTotal: Int { size / agreement.blockSize + 1 }

    var transferredBytes: Int {
        facts.direction == .write ? size : min(size, flow.acknowledged * agreement.blockSize)
    }

    var route: TFTPRoute {
        TFTPRoute(socket: id.socket, client: id.client, localAddress: client.localAddress)
    }

    /// Microseconds until something is to be sent again.
    func wait(_ settings: TFTPSettings) -> Int64 {
        agreement.wait ?? trip.timeout(after: doublings, settings)
    }

    /// The client was silent for too long at `now`.
    func isGone(at now: Int64, _ settings: TFTPSettings) -> Bool {
        let own = (agreement.wait ?? 0) * TFTPSettings.patienceInTimeouts
        return now - heard >= max(settings.patience * 1000, own)
    }

    /// Takes the client's ACK of the block that stands as `block` in the packet.
    mutating func acknowledge(_ block: UInt16, at now: Int64) -> TFTPFlow.Effect {
        switch phase {
        case .opening, .lingering, .receiving, .storing: return .ignore
        case .negotiating:
            guard block == 0 else { return .ignore }
            hear(at: now, sample: retransmissions == 0 ? now - flow.sentAt : nil)
            phase = .sending
            return .send(.window)
        case .sending:
            let (effect, sample) = flow.acknowledge(
                block, total: blockTotal, window: agreement.windowSize, shortestTrip: trip.shortest, at: now)
            if effect != .ignore { hear(at: now, sample: sample) }
            return effect
        }
    }

    /// The client lives. A round trip is measured where it is known which packet caused the answer (RFC 6298, 3).
    mutating func hear(at now: Int64, sample: Int64? = nil) {
        heard = now
        tries = 0
        // Progress, by which copy of a packet nobody knows: the patience stays until a round trip is measured again
        // (RFC 6298, 5). A client slower than before would be sent each block twice otherwise.
        guard let sample else { return }
        trip.take(sample)
        doublings = 0
    }

    /// The blocks of `range` as they are sent.
    func run(_ range: Range<Int>) -> TFTPDataRun {
        let offset = range.lowerBound * agreement.blockSize
        return TFTPDataRun(
            session: id, route: route, firstBlock: UInt16(truncatingIfNeeded: range.lowerBound + 1), offset: offset,
            byteCount: min(range.count * agreement.blockSize, size - offset), blockSize: agreement.blockSize,
            blockCount: range.count)
    }

    func transfer(_ outcome: TFTPTransfer.Outcome, at now: Int64) -> TFTPTransfer {
        TFTPTransfer(
            client: client, direction: facts.direction, name: printableName(request.fileName), size: size,
            bytes: transferredBytes, milliseconds: (now - facts.started) / 1000, retransmissions: retransmissions,
            blockSize: agreement.blockSize, windowSize: agreement.windowSize, outcome: outcome,
            sendFailure: sendFailure)
    }
}
