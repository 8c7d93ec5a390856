internal import BootProtocols

extension TFTPMachine {
    mutating func acknowledge(
        _ block: UInt16, _ client: TFTPClient, on socket: Int, at now: Int64
    ) -> [TFTPAction] {
        guard var session = sessions[Ports(client: client.endpoint, socket: socket)] else {
            return stranger(client, on: socket)
        }
        let effect = session.acknowledge(block, at: now)
        switch effect {
        case .ignore:
            store(session)
            return []
        case .complete: return end(session, .complete, at: now)
        case .send(let sending): return transmit(&session, sending, at: now)
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
    mutating func stranger(_ client: TFTPClient, on socket: Int) -> [TFTPAction] {
        guard sessions[Ports(client: client.endpoint, socket: socket)] == nil else { return [] }
        let route = TFTPRoute(socket: socket, client: client.endpoint, localAddress: client.localAddress)
        return [error(.unknownTransferID, "unknown transfer ID", route)]
    }
}

// MARK: - Writing

extension TFTPMachine {
    /// Takes a block of a file that the client sends.
    mutating func take(
        _ block: UInt16, _ payload: Range<Int>, isCut: Bool, _ client: TFTPClient, on socket: Int, at now: Int64
    ) -> [TFTPAction] {
        guard var session = sessions[Ports(client: client.endpoint, socket: socket)] else {
            return stranger(client, on: socket)
        }
        guard session.phase == .receiving else { return takeAgain(block, session) }
        switch isCut ? .tooLong : session.blocks.receive(block: block, byteCount: payload.count) {
        case .ignore: return []
        case .tooLong:
            let words = "a block longer than \(session.agreement.blockSize) bytes"
            return fail(session.id, TFTPRefusal(.illegalOperation, words), at: now)
        case .acknowledge:
            session.hear(at: now)
            session.retransmissions += 1
            return transmit(&session, .window, at: now)
        case .take(let isDue, let isLast):
            session.hear(at: now)
            session.size += payload.count
            let keep = TFTPAction.store(session.id, payload: payload, isLast: isLast)
            guard isDue, !isLast else {
                // How long the disk takes is no fault of the client's.
                session.deadline = isLast ? .max : now + session.wait(settings)
                if isLast { session.phase = .storing }
                store(session)
                return [keep]
            }
            return [keep] + transmit(&session, .window, at: now)
        }
    }

    /// Acknowledges the last block of a file that has been stored whole.
    public mutating func stored(_ id: TFTPSessionID, at now: Int64) -> [TFTPAction] {
        guard let session = session(id), session.phase == .storing else { return [] }
        return [.send(.acknowledgment(block: session.blocks.lastBlock), session.route)]
            + end(session, .complete, at: now)
    }

    /// The last block of a finished write again: its acknowledgment was lost.
    private func takeAgain(_ block: UInt16, _ session: TFTPSession) -> [TFTPAction] {
        guard session.phase == .lingering, session.blocks.isComplete, block == session.blocks.lastBlock else {
            return []
        }
        return [.send(.acknowledgment(block: block), session.route)]
    }

    /// Where a write is: the OACK before the first block (RFC 2347), then the last block that was taken.
    func acknowledgment(_ session: inout TFTPSession) -> TFTPAction {
        if session.blocks.count == 0, !session.agreement.options.isEmpty {
            return .send(.optionAcknowledgment(session.agreement.options), session.route)
        }
        let block = session.tries > 0 ? session.blocks.acknowledgeAgain() : session.blocks.lastBlock
        return .send(.acknowledgment(block: block), session.route)
    }
}
