internal import BootProtocols
public import PacketIO

/// A read-only TFTP server as a value (RFC 1350, 2347 to 2349, 7440): packets and time in, actions out.
///
/// Times are milliseconds of one clock that never goes back. A loop hands in each datagram with `receive`, performs
/// the actions in order, and calls `expire` when `deadline` has come.
public struct TFTPMachine: Sendable {
    public let settings: TFTPSettings
    /// When `expire` is due next; nil: not before something was received.
    public private(set) var deadline: Int64?

    /// The two ports of a transfer (RFC 1350, 4): what makes a packet one of it.
    struct Ports: Hashable, Sendable {
        var client: IPv4Endpoint
        var socket: Int
    }

    var sessions: [Ports: TFTPSession] = [:]
    /// Active sessions, in all and by client address.
    private(set) var activeCount = 0
    private(set) var activeByClient: [IPv4Address: Int] = [:]
    var nextSerial: UInt64 = 0

    public init(_ settings: TFTPSettings) {
        self.settings = settings
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
            case .readRequest(let request) where socket == 0: return start(request, client, at: now)
            case .writeRequest(let request) where socket == 0:
                return refuse(request.fileName, client, TFTPRefusal(.accessViolation, "this server only reads"))
            case .acknowledgment(let block): return acknowledge(block, client, on: socket, at: now)
            case .error(let code, let message): return abort(code, message, client, on: socket, at: now)
            case .readRequest, .writeRequest, .data, .optionAcknowledgment: return stranger(client, on: socket)
            }
        } catch {
            // Too short for a header: noise, and no one who could read an answer.
            if case .tooShort = error { return [] }
            guard socket == 0 else { return stranger(client, on: socket) }
            return refuse("", client, TFTPRefusal(.illegalOperation, error.description))
        }
    }

    /// Takes what a `lookUp` found: the file's size in bytes, or why it is not served.
    public mutating func answer(
        _ id: TFTPSessionID, _ found: Result<Int, TFTPRefusal>, at now: Int64
    ) -> [TFTPAction] {
        guard var session = session(id), session.phase == .opening else { return [] }
        switch found {
        case .failure(let refusal):
            return [.send(.error(refusal.code, message: refusal.message), session.route)]
                + end(session, .refused(refusal.message), at: now)
        case .success(let size):
            session.size = max(size, 0)
            session.agreement = TFTPAgreement(
                session.request, size: session.size, settings, interfaceIndex: session.client.interfaceIndex)
            session.phase = session.agreement.options.isEmpty ? .sending : .negotiating
            return transmit(&session, at: now)
        }
    }

    /// Ends a transfer whose content cannot be read on.
    public mutating func fail(_ id: TFTPSessionID, _ reason: String, at now: Int64) -> [TFTPAction] {
        guard let session = session(id), session.isActive else { return [] }
        return [.send(.error(.notDefined, message: reason), session.route)] + end(session, .failed(reason), at: now)
    }

    /// Notes that the kernel could not send a packet on `route`; it counts as lost on the way.
    public mutating func noteSendFailure(_ route: TFTPRoute, _ reason: String) {
        sessions[Ports(client: route.client, socket: route.socket)]?.sendFailure = reason
    }

    /// Sends the packets of a transfer again in a few milliseconds: the kernel's buffer was full. No retry is
    /// counted, for the network had no part in it. A transfer whose file is still looked up has no packets: an empty
    /// block in their place would tell the client that the file is empty.
    public mutating func postpone(_ route: TFTPRoute, at now: Int64) {
        guard var session = sessions[Ports(client: route.client, socket: route.socket)], session.isActive,
            session.phase != .opening
        else { return }
        session.isUnsent = true
        session.deadline = now + 5
        store(session)
    }

    /// Ends every transfer, because the server stops.
    public mutating func stop(at now: Int64) -> [TFTPAction] {
        sessions.values.filter(\.isActive).flatMap { fail($0.id, "the server stops", at: now) }
    }

    /// Sends again what was not acknowledged in time and gives up clients that are gone.
    public mutating func expire(at now: Int64) -> [TFTPAction] {
        guard let due = deadline, now >= due else { return [] }
        var actions: [TFTPAction] = []
        for session in sessions.values.filter({ $0.deadline <= now }) {
            if session.isActive {
                actions += expire(session, at: now)
            } else {
                sessions[Ports(client: session.id.client, socket: session.id.socket)] = nil
            }
        }
        deadline = sessions.values.lazy.map(\.deadline).filter { $0 != .max }.min()
        return actions
    }

    private mutating func expire(_ session: TFTPSession, at now: Int64) -> [TFTPAction] {
        var session = session
        if !session.isUnsent {
            guard session.tries < settings.maximumRetries else { return end(session, .timedOut, at: now) }
            session.tries += 1
            session.retransmissions += 1
        }
        return transmit(&session, at: now)
    }
}

// MARK: - Sessions

extension TFTPMachine {
    func session(_ id: TFTPSessionID) -> TFTPSession? {
        guard let session = sessions[Ports(client: id.client, socket: id.socket)], session.id == id else { return nil }
        return session
    }

    /// Keeps the changed session; `deadline` is never later than that of any session.
    mutating func store(_ session: TFTPSession) {
        sessions[Ports(client: session.id.client, socket: session.id.socket)] = session
        if session.deadline != .max { deadline = min(deadline ?? .max, session.deadline) }
    }

    mutating func add(_ session: TFTPSession) {
        activeCount += 1
        activeByClient[session.id.client.address, default: 0] += 1
        store(session)
    }

    /// Sends what is due in the session's phase and starts its timer.
    mutating func transmit(_ session: inout TFTPSession, at now: Int64) -> [TFTPAction] {
        session.isUnsent = false
        session.deadline = now + session.agreement.wait(after: session.tries, settings)
        let action: TFTPAction =
            session.phase == .negotiating
            ? .send(.optionAcknowledgment(session.agreement.options), session.route) : .sendData(session.nextRun())
        store(session)
        return [action]
    }

    /// Ends an active session. It lingers, so that its late packets are not answered with ERROR 5: firmware that
    /// uses the same port for its next request would take that as the answer.
    mutating func end(_ session: TFTPSession, _ outcome: TFTPTransfer.Outcome, at now: Int64) -> [TFTPAction] {
        let transfer = session.transfer(outcome, at: now)
        let address = session.id.client.address
        var session = session
        session.phase = .lingering
        session.deadline = now + settings.lingering
        store(session)
        activeCount -= 1
        let left = activeByClient[address, default: 1] - 1
        activeByClient[address] = left > 0 ? left : nil
        return [.finish(session.id, transfer)]
    }
}
