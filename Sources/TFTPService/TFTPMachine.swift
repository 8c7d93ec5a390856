internal import BootProtocols
public import PacketIO

/// A TFTP server as a value (RFC 1350, 2347 to 2349, 7440): packets and time in, actions out.
///
/// Times are microseconds of one clock that never goes back. A loop hands in each datagram with `receive`, performs
/// the actions in order, and calls `expire` when `deadline` has come.
public struct TFTPMachine: Sendable {
    public let settings: TFTPSettings
    public internal(set) var counters = TFTPCounters()

    /// The two ports of a transfer (RFC 1350, 4): what makes a packet one of it.
    struct Ports: Hashable, Sendable {
        var client: IPv4Endpoint
        var socket: Int
    }

    /// When a transfer is to be looked at, in microseconds.
    struct Timer: Deadlined, Sendable {
        var deadline: Int64
        var ports: Ports
    }

    var sessions: [Ports: TFTPSession] = [:]
    /// Of each transfer one entry. A transfer that goes well moves its deadline with every packet; its entry stays and
    /// is moved when its time has come, so that a packet costs no work here.
    var timers = DeadlineQueue<Timer>()
    /// Active sessions, in all and by client address.
    private(set) var activeCount = 0
    private(set) var activeByClient: [IPv4Address: Int] = [:]
    /// When half-open transfers may be looked for again: the search goes through all.
    var nextSearch = Int64.min
    var nextSerial: UInt64 = 0

    public init(_ settings: TFTPSettings) {
        self.settings = settings
    }

    /// Before this moment nothing is due; at it something may be, or may have been put off since. Microseconds.
    public var nextLook: Int64? { timers.first?.deadline }

    /// When `expire` is due next, in microseconds; nil: not before something was received.
    public var deadline: Int64? {
        mutating get {
            while let first = timers.first {
                guard let session = sessions[first.ports], session.timer == first.deadline else {
                    timers.removeFirst()
                    continue
                }
                guard session.deadline > first.deadline else { return first.deadline }
                timers.removeFirst()
                sessions[first.ports]?.timer = session.deadline
                if session.deadline != .max { timers.insert(.init(deadline: session.deadline, ports: first.ports)) }
            }
            return nil
        }
    }

    /// Takes a datagram that arrived on `socket`: 0 is the well-known port, the others carry transfers.
    public mutating func receive(
        _ bytes: RawSpan, from origin: DatagramOrigin, on socket: Int, at now: Int64
    ) -> [TFTPAction] {
        // RFC 1123, 4.2.3.4: silence for what came by broadcast. Port 0 cannot be answered.
        guard origin.destination == origin.localAddress, origin.source.port != 0 else { return [] }
        let client = TFTPClient(
            endpoint: origin.source, localAddress: origin.localAddress, interfaceIndex: origin.interfaceIndex)
        do throws(TFTPDecodingError) {
            switch try TFTPPacket(decoding: bytes) {
            case .acknowledgment(let block): return acknowledge(block, client, on: socket, at: now)
            case .data(let block, let payload):
                return take(block, payload, isCut: origin.isTruncated, client, on: socket, at: now)
            case .readRequest(let request) where socket == 0: return start(request, .read, client, at: now)
            case .writeRequest(let request) where socket == 0: return start(request, .write, client, at: now)
            case .error(let code, let message): return abort(code, message, client, on: socket, at: now)
            case .readRequest, .writeRequest, .optionAcknowledgment: return stranger(client, on: socket)
            }
        } catch {
            // Too short for a header: noise, and no one who could read an answer.
            if case .tooShort = error { return [] }
            guard socket == 0 else { return stranger(client, on: socket) }
            return refuse("", .read, client, TFTPRefusal(.illegalOperation, error.description))
        }
    }

    /// Ends a transfer whose content cannot be read on, or not be written.
    public mutating func fail(_ id: TFTPSessionID, _ refusal: TFTPRefusal, at now: Int64) -> [TFTPAction] {
        guard let session = session(id), session.isActive else { return [] }
        return [error(refusal.code, refusal.message, session.route)]
            + end(session, .failed(refusal.message), at: now)
    }

    /// Notes that the kernel could not send a packet on `route`; it counts as lost on the way.
    public mutating func noteSendFailure(_ route: TFTPRoute, _ reason: String) {
        sessions[Ports(client: route.client, socket: route.socket)]?.sendFailure = reason
    }

    /// Sends the last `blocks` blocks of a transfer in a few milliseconds: the kernel's buffer was full. No retry is
    /// counted, for the network had no part in it. A transfer whose file is still looked up has no packets: an empty
    /// block in their place would tell the client that the file is empty.
    public mutating func postpone(_ route: TFTPRoute, blocks: Int, at now: Int64) {
        guard var session = sessions[Ports(client: route.client, socket: route.socket)], session.isActive,
            session.phase != .opening, session.phase != .storing
        else { return }
        session.flow.takeBack(blocks)
        session.isUnsent = true
        session.deadline = now + 5000
        store(session)
    }

    /// Ends every transfer, because the server stops.
    public mutating func stop(at now: Int64) -> [TFTPAction] {
        let refusal = TFTPRefusal(.notDefined, "the server stops")
        return sessions.values.filter(\.isActive).flatMap { fail($0.id, refusal, at: now) }
    }

    /// Sends again what was not acknowledged in time and gives up clients that are gone.
    public mutating func expire(at now: Int64) -> [TFTPAction] {
        var actions: [TFTPAction] = []
        while let due = deadline, due <= now, let ports = timers.first?.ports, let session = sessions[ports] {
            timers.removeFirst()
            sessions[ports]?.timer = .max
            if session.isActive {
                actions += expire(session, at: now)
            } else {
                sessions[ports] = nil
            }
        }
        return actions
    }

    private mutating func expire(_ expired: TFTPSession, at now: Int64) -> [TFTPAction] {
        var session = expired
        session.timer = .max
        if session.isUnsent { return transmit(&session, .rest, at: now) }
        guard !session.isGone(at: now, settings) else { return end(session, .timedOut, at: now) }
        session.tries += 1
        session.doublings += 1
        return transmit(&session, session.flow.silence(tries: session.tries), at: now)
    }
}

// MARK: - Sessions

extension TFTPMachine {
    func session(_ id: TFTPSessionID) -> TFTPSession? {
        guard let session = sessions[Ports(client: id.client, socket: id.socket)], session.id == id else { return nil }
        return session
    }

    /// Keeps the changed session, and sees that a timer is due no later than it.
    mutating func store(_ changed: TFTPSession) {
        var session = changed
        let ports = Ports(client: session.id.client, socket: session.id.socket)
        if session.deadline < session.timer {
            session.timer = session.deadline
            timers.insert(.init(deadline: session.deadline, ports: ports))
        }
        sessions[ports] = session
    }

    mutating func add(_ session: TFTPSession) {
        activeCount += 1
        counters.sessions = activeCount
        activeByClient[session.id.client.address, default: 0] += 1
        store(session)
    }

    /// Sends what is due in the session's phase and starts its timer.
    mutating func transmit(_ session: inout TFTPSession, _ sending: TFTPFlow.Sending, at now: Int64) -> [TFTPAction] {
        session.isUnsent = false
        session.deadline = now + session.wait(settings)
        defer { store(session) }
        switch session.phase {
        case .opening, .storing, .lingering: return []
        case .negotiating:
            if session.tries > 0 { session.retransmissions += 1 }
            session.flow.note(sentAt: now)
            return [.send(.optionAcknowledgment(session.agreement.options), session.route)]
        case .receiving:
            if session.tries > 0 { session.retransmissions += 1 }
            return [acknowledgment(&session)]
        case .sending:
            guard
                let next = session.flow.next(
                    sending, total: session.blockTotal, window: session.agreement.windowSize, at: now)
            else { return [] }
            if next.isAgain { session.retransmissions += 1 }
            return [.sendData(session.run(next.blocks))]
        }
    }

    mutating func error(_ code: TFTPErrorCode, _ message: String, _ route: TFTPRoute) -> TFTPAction {
        counters.count(error: code)
        return .send(.error(code, message: message), route)
    }

    /// Ends an active session. It lingers, so that its late packets are not answered with ERROR 5: firmware that
    /// uses the same port for its next request would take that as the answer.
    mutating func end(_ ended: TFTPSession, _ outcome: TFTPTransfer.Outcome, at now: Int64) -> [TFTPAction] {
        let transfer = ended.transfer(outcome, at: now)
        let address = ended.id.client.address
        var session = ended
        session.phase = .lingering
        session.deadline = now + settings.lingering * 1000
        store(session)
        activeCount -= 1
        counters.sessions = activeCount
        counters.count(transfer)
        let left = activeByClient[address, default: 1] - 1
        activeByClient[address] = left > 0 ? left : nil
        return [.finish(session.id, transfer)]
    }
}
