internal import BootProtocols

extension TFTPMachine {
    /// Takes what a `lookUp` found: the file's size in bytes, or why it is not served. To a `create` the size means
    /// nothing.
    /// - Parameter pathMTU: the largest IP datagram in bytes on the way to the client, if it is known.
    public mutating func answer(
        _ id: TFTPSessionID, _ found: Result<Int, TFTPRefusal>, pathMTU: Int? = nil, at now: Int64
    ) -> [TFTPAction] {
        guard var session = session(id), session.phase == .opening else { return [] }
        switch found {
        case .failure(let refusal):
            return [error(refusal.code, refusal.message, session.route)]
                + end(session, .refused(refusal.message), at: now)
        case .success(let size):
            let isRead = session.facts.direction == .read
            session.size = isRead ? max(size, 0) : 0
            session.agreement = TFTPAgreement(
                session.request, size: isRead ? session.size : nil, settings,
                interfaceIndex: session.client.interfaceIndex, pathMTU: pathMTU)
            session.blocks = TFTPBlockReceiver(
                blockSize: session.agreement.blockSize, windowSize: session.agreement.windowSize)
            if isRead {
                session.phase = session.agreement.options.isEmpty ? .sending : .negotiating
            } else {
                session.phase = .receiving
            }
            return transmit(&session, .window, at: now)
        }
    }

    /// Refuses a request before it becomes a transfer. Without an answer for the client if it had better ask again.
    mutating func refuse(
        _ name: String, _ direction: TFTPTransfer.Direction, _ client: TFTPClient, _ refusal: TFTPRefusal,
        silently: Bool = false
    ) -> [TFTPAction] {
        let transfer = TFTPTransfer(
            client: client, direction: direction, name: printableName(name), size: 0, bytes: 0, milliseconds: 0,
            retransmissions: 0, blockSize: TFTPPacket.defaultBlockSize, windowSize: 1,
            outcome: .refused(refusal.message))
        counters.count(transfer)
        if silently { return [.refuse(transfer)] }
        let route = TFTPRoute(socket: 0, client: client.endpoint, localAddress: client.localAddress)
        return [error(refusal.code, refusal.message, route), .refuse(transfer)]
    }

    mutating func start(
        _ request: TFTPRequest, _ direction: TFTPTransfer.Direction, _ client: TFTPClient, at now: Int64
    ) -> [TFTPAction] {
        let sockets = sockets(for: client.endpoint.address)
        if let earlier = repeated(request, direction, client, sockets) { return answerAgain(earlier, at: now) }
        switch direction {
        case .read: counters.readRequests += 1
        case .write: counters.writeRequests += 1
        }
        if let refusal = refusal(of: request, direction) { return refuse(request.fileName, direction, client, refusal) }
        var actions: [TFTPAction] = []
        if sockets == 0...0, let earlier = sessions[Ports(client: client.endpoint, socket: 0)], earlier.isActive {
            actions = end(earlier, .superseded, at: now)
        }
        if activeCount >= settings.maximumSessions { actions += dropHalfOpen(at: now) }
        guard activeCount < settings.maximumSessions,
            activeByClient[client.endpoint.address, default: 0] < settings.maximumSessionsPerClient,
            let socket = freeSocket(for: client.endpoint, sockets)
        else {
            let refusal = TFTPRefusal(.notDefined, "server is busy")
            return actions + refuse(request.fileName, direction, client, refusal, silently: true)
        }
        // What lingers is bounded too.
        if sessions.count >= 2 * settings.maximumSessions { sessions = sessions.filter(\.value.isActive) }
        nextSerial &+= 1
        let id = TFTPSessionID(client: client.endpoint, socket: socket, serial: nextSerial)
        add(TFTPSession(.init(id: id, client: client, request: request, direction: direction, at: now)))
        return actions
            + [direction == .read ? .lookUp(id, request, client: client) : .create(id, request, client: client)]
    }

    /// Why a request is refused whatever its name; nil if it is not.
    private func refusal(of request: TFTPRequest, _ direction: TFTPTransfer.Direction) -> TFTPRefusal? {
        if direction == .write, !settings.acceptsWrites {
            return TFTPRefusal(.accessViolation, "this server only reads")
        }
        guard request.mode == .mail else { return nil }
        return TFTPRefusal(.illegalOperation, "mode mail is not served, ask for octet or netascii")
    }

    private func sockets(for client: IPv4Address) -> ClosedRange<Int> {
        settings.isSinglePort(for: client) ? 0...0 : 1...min(settings.transferPorts, 256)
    }

    /// The transfer that this very request began, while the client has not acknowledged anything.
    private func repeated(
        _ request: TFTPRequest, _ direction: TFTPTransfer.Direction, _ client: TFTPClient,
        _ sockets: ClosedRange<Int>
    ) -> TFTPSession? {
        guard activeByClient[client.endpoint.address] != nil else { return nil }
        for socket in sockets {
            let session = sessions[Ports(client: client.endpoint, socket: socket)]
            if let session, session.isFresh, session.request == request, session.facts.direction == direction {
                return session
            }
        }
        return nil
    }

    private mutating func answerAgain(_ earlier: TFTPSession, at now: Int64) -> [TFTPAction] {
        guard earlier.phase != .opening else { return [] }
        var session = earlier
        if session.phase != .sending { session.retransmissions += 1 }
        return transmit(&session, .window, at: now)
    }

    /// Ends the transfers whose clients asked and were not heard of since, at most ten times a second.
    private mutating func dropHalfOpen(at now: Int64) -> [TFTPAction] {
        guard now >= nextSearch else { return [] }
        nextSearch = now + 100_000
        let limit = now - settings.halfOpen * 1000
        let idle = sessions.values.filter { $0.isHalfOpen && $0.facts.started <= limit }
        return idle.flatMap { end($0, .timedOut, at: now) }
    }

    /// A socket without a transfer of this client port, or else one where only a finished one lingers.
    private func freeSocket(for client: IPv4Endpoint, _ sockets: ClosedRange<Int>) -> Int? {
        var lingering: Int?
        for step in 0..<sockets.count {
            let turn = (Int(truncatingIfNeeded: nextSerial & 0xffff) + step) % sockets.count
            let socket = sockets.lowerBound + turn
            guard let session = sessions[Ports(client: client, socket: socket)] else { return socket }
            if !session.isActive { lingering = lingering ?? socket }
        }
        return lingering
    }
}
