internal import BootProtocols

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
        /// Over. Kept a while to know its late packets.
        case lingering
    }

    /// What an ACK calls for.
    enum Effect: Hashable, Sendable {
        /// Nothing: it is old, from the future, or a repetition.
        case ignore
        /// The next window is due.
        case sendNext
        /// The window from the first unacknowledged block on is due again.
        case sendAgain
        case complete
    }

    let id: TFTPSessionID
    let client: TFTPClient
    let request: TFTPRequest
    let started: Int64
    var phase = Phase.opening
    var agreement = TFTPAgreement()
    /// Bytes of the file.
    var size = 0
    /// Blocks that were acknowledged, and blocks that were sent.
    private(set) var acknowledged = 0
    private(set) var sent = 0
    /// Retransmissions since the last progress, and in all.
    var tries = 0
    var retransmissions = 0
    var deadline = Int64.max
    var sendFailure: String?
    /// The packets that `deadline` is for never left this machine.
    var isUnsent = false
    /// See `duplicate()`.
    private var duplicateSeen = false
    private var duplicatesMuted = false

    init(id: TFTPSessionID, client: TFTPClient, request: TFTPRequest, at now: Int64) {
        self.id = id
        self.client = client
        self.request = request
        started = now
    }

    var isActive: Bool { phase != .lingering }

    /// Nothing was acknowledged yet: the same request again is the first one repeated.
    var isFresh: Bool { isActive && acknowledged == 0 }

    /// Blocks of the file; the last is short, and empty where the size is a multiple of the block size.
    var blockTotal: Int { size / agreement.blockSize + 1 }

    var acknowledgedBytes: Int { min(size, acknowledged * agreement.blockSize) }

    var route: TFTPRoute {
        TFTPRoute(socket: id.socket, client: id.client, localAddress: client.localAddress)
    }

    /// Takes the client's ACK of the block that stands as `block` in the packet.
    mutating func acknowledge(_ block: UInt16) -> Effect {
        switch phase {
        case .opening, .lingering: return .ignore
        case .negotiating:
            guard block == 0 else { return .ignore }
            phase = .sending
            return .sendNext
        case .sending:
            let ahead = Int(block &- UInt16(truncatingIfNeeded: acknowledged))
            guard ahead > 0 else { return duplicate() }
            guard ahead <= sent - acknowledged else { return .ignore }
            acknowledged += ahead
            if acknowledged == blockTotal { return .complete }
            // Within the window: blocks behind it were lost, the client wants them again (RFC 7440, 4).
            let partial = acknowledged < sent
            duplicatesMuted = partial || duplicateSeen
            duplicateSeen = false
            return partial ? .sendAgain : .sendNext
        }
    }

    /// An ACK of what is acknowledged already. In lockstep it means nothing: answering it would double the flow for
    /// the rest of the transfer (RFC 1123, 4.2.3.1, the Sorcerer's Apprentice). In a window it says that the
    /// first block was lost, and firmware says so once for every block that came behind: it is answered once, and
    /// not again before a window has passed without, so that no echo of it lives on.
    private mutating func duplicate() -> Effect {
        guard agreement.windowSize > 1, sent > acknowledged else { return .ignore }
        duplicateSeen = true
        guard !duplicatesMuted else { return .ignore }
        duplicatesMuted = true
        return .sendAgain
    }

    /// The window that begins with the first unacknowledged block, which counts as sent from now on.
    mutating func nextRun() -> TFTPDataRun {
        let count = min(agreement.windowSize, blockTotal - acknowledged)
        let offset = acknowledged * agreement.blockSize
        sent = acknowledged + count
        return TFTPDataRun(
            session: id, route: route, firstBlock: UInt16(truncatingIfNeeded: acknowledged + 1), offset: offset,
            byteCount: min(count * agreement.blockSize, size - offset), blockSize: agreement.blockSize,
            blockCount: count)
    }

    func transfer(_ outcome: TFTPTransfer.Outcome, at now: Int64) -> TFTPTransfer {
        TFTPTransfer(
            client: client, name: printableName(request.fileName), size: size, bytes: acknowledgedBytes,
            milliseconds: now - started, retransmissions: retransmissions, blockSize: agreement.blockSize,
            windowSize: agreement.windowSize, outcome: outcome, sendFailure: sendFailure)
    }
}
