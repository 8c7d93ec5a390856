/// The receiving end of a transfer: which blocks it takes and when it acknowledges (RFC 1350, 2; RFC 7440, 4).
///
/// Takes blocks in their order alone. A gap is told once, and again only when the sender has evidently begun anew and
/// the gap is still there: a receiver that answered every block behind a gap would have the sender repeat itself for
/// each answer.
public struct TFTPBlockReceiver: Hashable, Sendable {
    public enum Effect: Hashable, Sendable {
        /// It is the next block: keep its bytes.
        case take(acknowledge: Bool, isLast: Bool)
        /// It is not, and the sender is to hear where we are: acknowledge `lastBlock`.
        case acknowledge
        case ignore
        /// It has more bytes than were agreed upon.
        case tooLong
    }

    public let blockSize: Int
    public let windowSize: Int
    /// Blocks taken.
    public private(set) var count = 0
    /// The last block was taken.
    public private(set) var isComplete = false
    /// Blocks since the last acknowledgment.
    private var unacknowledged = 0
    /// How far ahead the last block behind a gap was that the sender has heard of; 0: none.
    private var toldAhead = 0
    /// The last block came again in the midst of a window.
    private var isRepeated = false

    public init(blockSize: Int = TFTPPacket.defaultBlockSize, windowSize: Int = 1) {
        self.blockSize = max(blockSize, 1)
        self.windowSize = min(max(windowSize, 1), 65535)
    }

    /// The number of the last block taken, for an ACK.
    public var lastBlock: UInt16 { UInt16(truncatingIfNeeded: count) }

    public mutating func receive(block: UInt16, byteCount: Int) -> Effect {
        let ahead = Int(block &- lastBlock)
        guard ahead == 1, !isComplete else { return outOfOrder(ahead) }
        guard byteCount <= blockSize else { return .tooLong }
        count += 1
        unacknowledged += 1
        toldAhead = 0
        isRepeated = false
        isComplete = byteCount < blockSize
        let acknowledge = isComplete || unacknowledged >= windowSize
        if acknowledge { unacknowledged = 0 }
        return .take(acknowledge: acknowledge, isLast: isComplete)
    }

    /// A block that is not the next.
    private mutating func outOfOrder(_ ahead: Int) -> Effect {
        if ahead == 0 {
            // The last one again: our acknowledgment was lost. In the midst of a window it is a straggler, unless it
            // comes once more: then the sender waits for us.
            let isStraggler = unacknowledged > 0 && !isRepeated
            isRepeated = isStraggler
            if isStraggler { return .ignore }
            unacknowledged = 0
            return .acknowledge
        }
        guard !isComplete, ahead <= windowSize else { return .ignore }
        // Further behind the gap than the one that was told: it is of the same run.
        defer { toldAhead = ahead }
        guard toldAhead == 0 || ahead <= toldAhead else { return .ignore }
        unacknowledged = 0
        return .acknowledge
    }

    /// Nothing came for a while: what is to be acknowledged again. A window may begin anew behind it.
    public mutating func acknowledgeAgain() -> UInt16 {
        unacknowledged = 0
        toldAhead = 0
        return lastBlock
    }
}
