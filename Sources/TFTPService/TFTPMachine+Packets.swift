internal import BootProtocols

extension TFTPMachine {
    mutating func acknowledge(
        _ block: UInt16, _ client: TFTPClient, on socket: Int, at now: Int64
    ) -> [TFTPAction] {
        guard var session = sessions[Ports(client: client.endpoint, socket: socket)] else {
            return stranger(client, on: socket)
        }
        let effect = session.acknowledge(block)
        switch effect {
        case .ignore:
            store(session)
            return []
        case .complete: return end(session, .complete, at: now)
        case .sendNext, .sendAgain:
            session.tries = 0
            if effect == .sendAgain { session.retransmissions += 1 }
            return transmit(&session, at: now)
        }
    }

    /// The client gives up. Before the first block, with the size in its hands, it got what it came for.
    mutating func abort(
        _ code: TFTPErrorCode, _ message: String, _ client: TFTPClient, on socket: Int, at now: Int64
    ) -> [TFTPAction] {
        // An ERROR is never answered with an ERROR: two servers would go on for ever.
        guard let session = sessions[Ports(client: client.endpoint, socket: socket)], session.isActive else {
            return []
        }
        let probe = session.phase == .negotiating && session.request[.transferSize] != nil
        return end(session, probe ? .probed : .aborted(code, message: printableName(message)), at: now)
    }

    /// A packet that belongs to no transfer (RFC 1350, 4): told so, and no transfer is disturbed.
    func stranger(_ client: TFTPClient, on socket: Int) -> [TFTPAction] {
        guard sessions[Ports(client: client.endpoint, socket: socket)] == nil else { return [] }
        let route = TFTPRoute(socket: socket, client: client.endpoint, localAddress: client.localAddress)
        return [.send(.error(.unknownTransferID, message: "unknown transfer ID"), route)]
    }

    /// Refuses a request before it becomes a transfer. Without an answer for the client if it had better ask again.
    func refuse(
        _ name: String, _ client: TFTPClient, _ refusal: TFTPRefusal, silently: Bool = false
    ) -> [TFTPAction] {
        let transfer = TFTPTransfer(
            client: client, name: printableName(name), size: 0, bytes: 0, milliseconds: 0, retransmissions: 0,
            blockSize: TFTPPacket.defaultBlockSize, windowSize: 1, outcome: .refused(refusal.message))
        if silently { return [.refuse(transfer)] }
        let route = TFTPRoute(socket: 0, client: client.endpoint, localAddress: client.localAddress)
        return [.send(.error(refusal.code, message: refusal.message), route), .refuse(transfer)]
    }

    mutating func start(_ request: TFTPRequest, _ client: TFTPClient, at now: Int64) -> [TFTPAction] {
        guard request.mode == .octet else {
            let message = "mode \(request.mode.rawValue) is not served, ask for octet"
            return refuse(request.fileName, client, TFTPRefusal(.illegalOperation, message))
        }
        if let earlier = repeated(request, client) { return answerAgain(earlier, at: now) }
        var actions: [TFTPAction] = []
        if settings.transferPorts <= 0, let earlier = sessions[Ports(client: client.endpoint, socket: 0)],
            earlier.isActive
        {
            actions = end(earlier, .superseded, at: now)
        }
        guard activeCount < settings.maximumSessions,
            activeByClient[client.endpoint.address, default: 0] < settings.maximumSessionsPerClient,
            let socket = freeSocket(for: client.endpoint)
        else {
            return actions
                + refuse(request.fileName, client, TFTPRefusal(.notDefined, "server is busy"), silently: true)
        }
        // What lingers is bounded too.
        if sessions.count >= 2 * settings.maximumSessions { sessions = sessions.filter(\.value.isActive) }
        nextSerial &+= 1
        let id = TFTPSessionID(client: client.endpoint, socket: socket, serial: nextSerial)
        add(TFTPSession(id: id, client: client, request: request, at: now))
        return actions + [.lookUp(id, name: request.fileName, client: client)]
    }

    private var sockets: ClosedRange<Int> {
        settings.transferPorts <= 0 ? 0...0 : 1...min(settings.transferPorts, 256)
    }

    /// The transfer that this very request began, while the client has not acknowledged anything.
    private func repeated(_ request: TFTPRequest, _ client: TFTPClient) -> TFTPSession? {
        for socket in sockets {
            let session = sessions[Ports(client: client.endpoint, socket: socket)]
            if let session, session.isFresh, session.request == request { return session }
        }
        return nil
    }

    private mutating func answerAgain(_ earlier: TFTPSession, at now: Int64) -> [TFTPAction] {
        guard earlier.phase != .opening else { return [] }
        var session = earlier
        session.retransmissions += 1
        return transmit(&session, at: now)
    }

    /// A socket without a transfer of this client port, or else one where only a finished one lingers.
    private func freeSocket(for client: IPv4Endpoint) -> Int? {
        var lingering: Int?
        let sockets = sockets
        for step in 0..<sockets.count {
            let turn = (Int(truncatingIfNeeded: nextSerial & 0xffff) + step) % sockets.count
            let socket = sockets.lowerBound + turn
            guard let session = sessions[Ports(client: client, socket: socket)] else { return socket }
            if !session.isActive { lingering = lingering ?? socket }
        }
        return lingering
    }
}
