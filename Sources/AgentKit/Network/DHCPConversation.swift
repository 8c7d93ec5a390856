package import BootProtocols
package import PacketIO

/// A `DHCPClient` on a real interface: one socket, one wait, the client decides.
package enum DHCPConversation {
    /// Gets an address for an interface that has none. The lease is not applied.
    package static func acquire(
        on interface: NetworkInterface, mac: MACAddress, discoverLimit: Int = 5, console: Console
    ) throws(NetworkProblem) -> DHCPLease {
        try run(on: interface, mac: mac, discoverLimit: discoverLimit, console: console) { client, now, spread in
            client.discover(at: now, spread: spread)
        }
    }

    /// Asks to keep a lease. Where another program holds port 68 the lease is that
    /// program's to keep: `isPortTaken`.
    package static func renew(
        _ lease: DHCPLease, on interface: NetworkInterface, console: Console
    ) throws(NetworkProblem) -> DHCPLease {
        try run(on: interface, mac: lease.mac, discoverLimit: 1, console: console) { client, now, spread in
            client.renew(lease, at: now, spread: spread)
        }
    }

    private static func run(
        on interface: NetworkInterface, mac: MACAddress, discoverLimit: Int, console: Console,
        start: (inout DHCPClient, Int64, Double) -> [DHCPClient.Action]
    ) throws(NetworkProblem) -> DHCPLease {
        let outcome: Outcome
        do throws(SystemError) {
            var client = DHCPClient(
                mac: mac, transactionID: .random(in: 1 ... .max), now: BootClock.milliseconds(),
                discoverLimit: discoverLimit)
            let first = start(&client, BootClock.milliseconds(), .random(in: 0...1))
            outcome = try converse(&client, first, on: interface, console)
        } catch {
            throw .system("DHCP on \(interface.name)", error)
        }
        switch outcome {
        case .lease(let lease): return lease
        case .none(let reason): throw .noLease(interface.name, reason)
        }
    }

    private enum Outcome {
        case lease(DHCPLease)
        case none(String)
    }

    private static func converse(
        _ client: inout DHCPClient, _ first: [DHCPClient.Action], on interface: NetworkInterface, _ console: Console
    ) throws(SystemError) -> Outcome {
        let socket = try UDPSocket(.init(port: 68, interface: interface.name, broadcast: true))
        let poller = try Poller(waker: try Waker())
        try poller.add(socket.descriptor, token: 0)
        var batch = ReceiveBatch(capacity: 8)
        var actions = first
        while true {
            for action in actions {
                if let outcome = try perform(action, socket, interface, console) { return outcome }
            }
            actions = []
            let now = BootClock.milliseconds()
            guard let deadline = client.deadline else { return .none("the exchange ended without one") }
            guard now < deadline else {
                actions = client.timeout(at: now, spread: .random(in: 0...1))
                continue
            }
            try poller.wait(milliseconds: deadline - now) { _, _ in }
            _ = try socket.receive(into: &batch)
            for message in messages(in: batch) {
                actions += client.receive(message, at: BootClock.milliseconds(), spread: .random(in: 0...1))
            }
        }
    }

    private static func messages(in batch: borrowing ReceiveBatch) -> [DHCPMessage] {
        var found: [DHCPMessage] = []
        batch.forEachDatagram { origin, bytes in
            guard origin.source.port == 67 else { return }
            // What is not DHCP is nobody's loss: the client asks again.
            if let message = try? DHCPMessage(decoding: bytes.withUnsafeBytes { Array($0) }) { found.append(message) }
        }
        return found
    }

    /// Gives how it ended, if it did.
    private static func perform(
        _ action: DHCPClient.Action, _ socket: borrowing UDPSocket, _ interface: NetworkInterface, _ console: Console
    ) throws(SystemError) -> Outcome? {
        switch action {
        case .broadcast(let message): try send(message, to: .broadcast, socket, interface)
        case .unicast(let message, let server): try send(message, to: server, socket, interface)
        case .note(let text): console.line(text)
        case .bound(let lease): return .lease(lease)
        case .gaveUp(let reason): return Outcome.none(reason)
        }
        return nil
    }

    private static func send(
        _ message: DHCPMessage, to address: IPv4Address, _ socket: borrowing UDPSocket, _ interface: NetworkInterface
    ) throws(SystemError) {
        // A request of a few fixed options always fits.
        guard let bytes = try? message.encoded() else { return }
        try socket.send(bytes.span.bytes, to: IPv4Endpoint(address, port: 67), interfaceIndex: interface.index)
    }
}
