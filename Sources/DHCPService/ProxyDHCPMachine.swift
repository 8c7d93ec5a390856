import BootMachine
public import BootPolicy
public import BootProtocols

/// A proxy DHCP server as a value: it tells boot programs what to boot, beside a DHCP server that is someone else's and
/// gives the addresses (PXE 2.1, 2.2.3).
///
/// Boot programs' DISCOVERs get an OFFER without an address, and what they ask on port 4011 an ACK. It says nothing
/// else: no NAK, nothing to operating systems. REQUESTs to the other server are listened to, for the addresses that
/// nodes use.
public struct ProxyDHCPMachine: Sendable {
    public private(set) var settings: ProxyDHCPSettings
    var reception: DHCPReception
    /// Of nodes alone, so there are never more of them than nodes.
    private var addresses: [MACAddress: IPv4Address] = [:]
    /// Messages that were not DHCP requests of Ethernet clients, since the start.
    public var malformed: Int { reception.malformed }

    /// - Parameter verdict: what policy says of a MAC; asked once for each message.
    public init(settings: ProxyDHCPSettings, verdict: @escaping @Sendable (MACAddress) -> NodeVerdict) {
        self.settings = settings
        reception = DHCPReception(verdict: verdict)
    }

    /// Takes over other settings. Conversations, and what is known of addresses, go on.
    /// - Throws: `serverMoved`, and nothing has changed then.
    public mutating func apply(_ settings: ProxyDHCPSettings) throws(DHCPSettingsError) {
        guard settings.serverAddress == self.settings.serverAddress else {
            throw .serverMoved(from: self.settings.serverAddress, to: settings.serverAddress)
        }
        self.settings = settings
        reception.forgetAnswers()
    }

    /// Takes one datagram's payload and says what is to be done, in order.
    /// - Parameter waited: milliseconds from its arrival until now.
    public mutating func receive(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64 = 0
    ) -> [DHCPAction] {
        takeReporting(bytes, from: source, on: port, at: now, waited: waited)
    }

    mutating func take(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64
    ) -> [DHCPAction] {
        switch reception.take(bytes, from: source, on: port, at: now, waited: waited, under: settings.firmware) {
        case .settled(let actions): return actions
        case .exchange(var exchange):
            guard let type = exchange.message.options.messageType else { return [] }
            let actions = answer(type, &exchange)
            reception.keep(exchange, answeredBy: actions)
            return actions
        }
    }

    private mutating func answer(_ type: DHCPMessageType, _ exchange: inout DHCPExchange) -> [DHCPAction] {
        switch (exchange.port, type) {
        case (.server, .discover): discover(&exchange)
        case (.server, .request): watch(&exchange)
        case (.server, .inform): learn(exchange.message.clientAddress, of: exchange)
        case (.bootServer, .request), (.bootServer, .inform):
            learn(exchange.source.address, of: exchange) + answerBootServerRequest(&exchange)
        case (.server, .decline), (.server, .release), (_, .offer), (_, .ack), (_, .nak), (.bootServer, _): []
        }
    }

    // MARK: - DISCOVER

    /// An OFFER of a file and no address.
    private mutating func discover(_ exchange: inout DHCPExchange) -> [DHCPAction] {
        let client = exchange.client
        guard client.phase == .firmware || client.kind == .ipxe else { return [] }
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuseDiscover(exchange, client, refusal) }
        guard client.bootsFromOffer else { return [] }
        let reply: DHCPReply
        do throws(DHCPError) {
            reply = try offer(to: exchange, client)
        } catch {
            return refuse(exchange, "\(client): no offer: \(error)")
        }
        var actions = beginning(of: exchange, client)
        actions.append(.send(reply))
        if !exchange.conversation.wasOfferRecorded {
            exchange.conversation.wasOfferRecorded = true
            actions.append(
                exchange.event(.offered, bytes: reply.bytes.count, "as a proxy, no address, to \(client.offerSummary)"))
        }
        return actions
    }

    private func offer(to exchange: DHCPExchange, _ client: BootClient) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        var offer = frame(.offer, for: exchange)
        client.fillProxyFields(of: &offer, from: bootServer)
        echo(request, into: &offer)
        let relay = request.relayAddress
        return DHCPReply(
            bytes: try offer.encoded(limit: request.options.payloadLimit),
            // There is no address to send to, and none that the client would take a datagram for.
            destination: relay == .any ? .broadcast : .routed(IPv4Endpoint(relay, port: DHCPPort.server.rawValue)),
            source: .server)
    }

    // MARK: - Other servers' clients

    /// A DHCPREQUEST to the other server. Nothing is said to it: it shows what address the machine will use.
    private mutating func watch(_ exchange: inout DHCPExchange) -> [DHCPAction] {
        let message = exchange.message
        let client = exchange.client
        let isFirst = !exchange.conversation.isAcknowledged
        exchange.conversation.isAcknowledged = true
        if client.isGivenLoader, exchange.conversation.wasOfferRecorded {
            exchange.conversation.loaderGiven = exchange.now
        }
        let isRenewal = message.clientAddress != .any
        guard let address = isRenewal ? message.clientAddress : message.options.requestedAddress else { return [] }
        let actions = learn(address, of: exchange)
        guard isFirst, !isRenewal, client.phase != .system, isUsable(address, exchange) else { return actions }
        let server = message.options.serverIdentifier.map { " of the DHCP server \($0)" } ?? ""
        return actions + [exchange.event(.addressSeen, "\(address)\(server), by \(client.summary)")]
    }

    /// Remembers where a node is, if that is news.
    private mutating func learn(_ address: IPv4Address, of exchange: DHCPExchange) -> [DHCPAction] {
        guard exchange.verdict.isKnown, isUsable(address, exchange), addresses[exchange.mac] != address else {
            return []
        }
        addresses[exchange.mac] = address
        return [.observe(address, exchange.mac)]
    }

    private func isUsable(_ address: IPv4Address, _ exchange: DHCPExchange) -> Bool {
        guard address != settings.serverAddress else { return false }
        // Behind a relay is another subnet, which is not known here.
        if exchange.message.relayAddress != .any { return address.isHost }
        return problem(withClientAt: address, of: exchange.mac) == nil
    }
}

extension ProxyDHCPMachine: DHCPResponder {
    var bootServer: BootServer {
        BootServer(
            address: settings.serverAddress, httpPort: settings.httpPort,
            firmwareHTTPSPort: settings.firmwareHTTPSPort)
    }

    func problem(withClientAt address: IPv4Address, of mac: MACAddress) -> String? {
        settings.subnet.contains(address) || addresses[mac] == address
            ? nil : "\(address) is not in \(settings.subnet), and this machine was not seen to get it"
    }
}

extension IPv4Address {
    /// An address that a machine may have: of class A, B or C, and neither "this network" nor loopback.
    fileprivate var isHost: Bool {
        let first = value >> 24
        return first > 0 && first < 224 && first != 127
    }
}
