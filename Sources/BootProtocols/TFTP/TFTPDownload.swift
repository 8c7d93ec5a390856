/// The client's side of a read (RFC 1350, 2347 to 2349, 7440) as a value: packets and time in, what to do out.
///
/// Times are microseconds of one clock that never goes back.
public struct TFTPDownload: Sendable {
    /// What the client asks for. The defaults of `blockSize` and `windowSize` are the protocol's and not asked for.
    public struct Wishes: Hashable, Sendable {
        /// Bytes in a block, 8...65464.
        public var blockSize = TFTPPacket.defaultBlockSize
        /// Blocks before an acknowledgment, 1...65535.
        public var windowSize = 1
        /// Seconds before a retransmission, 1...255; nil: each side's own.
        public var timeout: Int?
        public var wantsSize = true
        public var mode = TFTPRequest.Mode.octet
        /// Times that something is sent again without an answer before the server counts as gone.
        public var retries = 5

        public init() {}
    }

    /// Why a transfer did not come to its end.
    public enum Failure: Error, Hashable, Sendable {
        /// The server's ERROR.
        case refused(TFTPErrorCode, message: String)
        /// Not a word to the request, or none any more after some blocks.
        case noAnswer, fellSilent
        /// An OACK with what was not asked for, or more than was.
        case badOptions(String)
        /// A block with more bytes than were agreed upon.
        case blockTooLong(Int)
    }

    /// What a packet calls for.
    public struct Step: Hashable, Sendable {
        /// Where in the packet the file's next bytes are.
        public var payload: Range<Int>?
        /// To send to the server's port of the transfer, `server`.
        public var reply: TFTPPacket?
        /// The packet was a stranger's: it is to hear ERROR 5, and nothing has changed.
        public var isStranger = false
    }

    private enum Phase: Hashable, Sendable {
        case asking, receiving, complete
        case failed(Failure)
    }

    public let request: TFTPRequest
    public let wishes: Wishes
    /// Where to send: the port asked, then the one that answered.
    public private(set) var server: IPv4Endpoint
    /// Bytes of the file as the server announced them, nil if it did not.
    public private(set) var announcedSize: Int?
    /// Bytes received.
    public private(set) var byteCount = 0
    /// Packets sent again.
    public private(set) var retransmissions = 0
    private var phase = Phase.asking
    private var blocks = TFTPBlockReceiver()
    private var tries = 0
    private var sentAt: Int64

    public init(_ name: String, from server: IPv4Endpoint, _ wishes: Wishes = Wishes(), at now: Int64) {
        var options: [TFTPOption] = []
        if wishes.blockSize != TFTPPacket.defaultBlockSize { options.append(TFTPOption(.blockSize, wishes.blockSize)) }
        if wishes.windowSize != 1 { options.append(TFTPOption(.windowSize, wishes.windowSize)) }
        if wishes.wantsSize { options.append(TFTPOption(.transferSize, 0)) }
        if let timeout = wishes.timeout { options.append(TFTPOption(.timeout, timeout)) }
        request = TFTPRequest(fileName: name, mode: wishes.mode, options: options)
        self.wishes = wishes
        self.server = server
        sentAt = now
    }

    public var isComplete: Bool { phase == .complete }
    public var isOver: Bool { isComplete || failure != nil }
    /// The agreed size of blocks in bytes, and of windows in blocks.
    public var blockSize: Int { blocks.blockSize }
    public var windowSize: Int { blocks.windowSize }

    public var failure: Failure? {
        guard case .failed(let failure) = phase else { return nil }
        return failure
    }

    /// When `expire` is due; nil: it is over.
    public var deadline: Int64? {
        isOver ? nil : sentAt + Int64(wishes.timeout ?? 1) * 1_000_000
    }

    /// Takes a packet that came from `source`.
    public mutating func receive(_ bytes: RawSpan, from source: IPv4Endpoint, at now: Int64) -> Step {
        guard source.address == server.address, phase == .asking || source.port == server.port else {
            return Step(isStranger: true)
        }
        guard let packet = try? TFTPPacket(decoding: bytes) else { return Step() }
        switch (packet, phase) {
        case (.data(let block, let payload), .asking):
            guard block == 1 else { return Step() }
            establish(source)
            return take(block, payload, at: now)
        case (.data(let block, let payload), .receiving), (.data(let block, let payload), .complete):
            return take(block, payload, at: now)
        case (.optionAcknowledgment(let options), .asking):
            if let problem = agree(options) { return fail(.badOptions(problem)) }
            establish(source)
            return Step(reply: acknowledge(at: now))
        case (.optionAcknowledgment, .receiving) where blocks.count == 0:
            return Step(reply: acknowledge(at: now))
        case (.error(let code, let message), .asking), (.error(let code, let message), .receiving):
            phase = .failed(.refused(code, message: message))
            return Step()
        default: return Step()
        }
    }

    /// Sends again what was not answered, or gives the server up.
    public mutating func expire(at now: Int64) -> Step {
        guard let deadline, now >= deadline else { return Step() }
        guard tries < wishes.retries else {
            return fail(phase == .asking ? .noAnswer : .fellSilent)
        }
        tries += 1
        retransmissions += 1
        sentAt = now
        return Step(
            reply: phase == .asking ? .readRequest(request) : .acknowledgment(block: blocks.acknowledgeAgain()))
    }

    private mutating func establish(_ source: IPv4Endpoint) {
        server = source
        phase = .receiving
        tries = 0
    }

    private mutating func take(_ block: UInt16, _ payload: Range<Int>, at now: Int64) -> Step {
        switch blocks.receive(block: block, byteCount: payload.count) {
        case .take(let isDue, let isLast):
            byteCount += payload.count
            tries = 0
            sentAt = now
            if isLast { phase = .complete }
            return Step(payload: payload, reply: isDue ? acknowledge(at: now) : nil)
        case .acknowledge: return Step(reply: acknowledge(at: now))
        case .ignore: return Step()
        case .tooLong: return fail(.blockTooLong(payload.count))
        }
    }

    private mutating func acknowledge(at now: Int64) -> TFTPPacket {
        sentAt = now
        return .acknowledgment(block: blocks.lastBlock)
    }

    private mutating func fail(_ failure: Failure) -> Step {
        phase = .failed(failure)
        return Step(reply: .error(failure.code, message: "\(failure)"))
    }

    /// Takes the server's answer to the options; gives what is wrong with it.
    private mutating func agree(_ options: [TFTPOption]) -> String? {
        var (blockSize, windowSize) = (TFTPPacket.defaultBlockSize, 1)
        for option in options {
            guard let asked = request[option.kind] else { return "\(option.name), which was not asked for" }
            switch option.kind {
            case .blockSize: blockSize = option.value
            case .windowSize: windowSize = option.value
            case .transferSize: announcedSize = option.value
            case .timeout: break
            }
            guard option.kind == .transferSize || option.value <= asked.value else {
                return "\(option.name) \(option.value) where \(asked.value) was asked for"
            }
        }
        blocks = TFTPBlockReceiver(blockSize: blockSize, windowSize: windowSize)
        return nil
    }
}

extension TFTPDownload.Failure: CustomStringConvertible {
    var code: TFTPErrorCode {
        switch self {
        case .badOptions: .optionNegotiation
        case .blockTooLong: .illegalOperation
        case .refused, .noAnswer, .fellSilent: .notDefined
        }
    }

    public var description: String {
        switch self {
        case .refused(let code, let message):
            "the server refuses: \(message.isEmpty ? "no reason given" : message) (error \(code.rawValue))"
        case .noAnswer: "no answer to the request"
        case .fellSilent: "the server fell silent"
        case .badOptions(let what): "the server answers with option \(what)"
        case .blockTooLong(let size): "a block of \(size) bytes is longer than agreed upon"
        }
    }
}
