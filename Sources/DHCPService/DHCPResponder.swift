import BootMachine
import BootPolicy
import BootProtocols

/// What a DHCP server and a proxy have in common: whom they refuse, what an answer gives back as it came, and port 4011.
protocol DHCPResponder {
    var reception: DHCPReception { get set }
    /// Where boot files are to be had; its address is the server identifier too.
    var bootServer: BootServer { get }
    /// Takes one datagram's payload and says what is to be done, in order.
    mutating func take(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64
    ) -> [DHCPAction]
    /// Why a client at this address is not served; nil if it is.
    func problem(withClientAt address: IPv4Address, of mac: MACAddress) -> String?
}

extension DHCPResponder {
    /// Takes one datagram after the reports of floods that are due.
    mutating func takeReporting(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64
    ) -> [DHCPAction] {
        let reports = reception.floodReports(at: now)
        let actions = take(bytes, from: source, on: port, at: now, waited: waited)
        return reports.isEmpty ? actions : reports + actions
    }

    /// The reason for which a boot program gets no answer; nil for whoever may go on. An operating system, and a
    /// bare client that cannot be told from one, is served whatever policy says of its machine's booting.
    func reasonToRefuse(_ client: BootClient, _ verdict: NodeVerdict) -> String? {
        // What an admin wants of a machine explains more than what it lacks.
        guard case .ignored(let reason) = verdict else {
            if case .refused(let reason) = client.offer { return "\(client): \(reason)" }
            return nil
        }
        switch client.kind {
        case .system, .grub: return nil
        case .ipxe, .httpFirmware, .pxeFirmware, .biosROM, .raspberryPi, .uBoot, .agent: return "\(client): \(reason)"
        }
    }

    mutating func refuse(_ exchange: DHCPExchange, _ reason: String) -> [DHCPAction] {
        reception.refuse(exchange, reason)
    }

    /// No answer to the DISCOVER of a client that policy or its own shortcomings keep from booting. The attempt of
    /// a machine that cannot be booted shows why; that of an ignored one does not begin.
    mutating func refuseDiscover(_ exchange: DHCPExchange, _ client: BootClient, _ reason: String) -> [DHCPAction] {
        let refused = refuse(exchange, reason)
        return refused.isEmpty || exchange.verdict.isIgnored ? refused : beginning(of: exchange, client) + refused
    }

    /// The event that begins an attempt: the first DISCOVER of what a machine has in its firmware.
    func beginning(of exchange: DHCPExchange, _ client: BootClient) -> [DHCPAction] {
        guard client.phase == .firmware, exchange.opensConversation else { return [] }
        return [exchange.event(.discovered, "\(client)")]
    }

    /// A reply that names the server and nothing else. What flags and giaddr say of the way back stays.
    func frame(_ type: DHCPMessageType, for exchange: DHCPExchange) -> DHCPMessage {
        let request = exchange.message
        var reply = DHCPMessage(.reply, transactionID: request.transactionID, mac: request.mac)
        reply.flags = request.flags
        reply.relayAddress = request.relayAddress
        reply.options.messageType = type
        reply.options.serverIdentifier = exchange.serverOverride ?? bootServer.address
        return reply
    }

    /// Copies what a server has to give back as it came: 97 (RFC 4578, 2.3), 61 (RFC 6842), 118 (RFC 3011), and 82
    /// (RFC 3046).
    func echo(_ request: DHCPMessage, into reply: inout DHCPMessage) {
        for code in [DHCPOptionCode.clientMachine, .clientIdentifier, .subnetSelection, .relayAgentInformation] {
            if let value = request.options[code] { reply.options[code] = value }
        }
    }

    /// The message within what the client takes. What it can do without goes first: what an admin set beside the rest,
    /// then names, DNS and the broadcast address. What it boots by, and what must be echoed, stays.
    func encodeToFit(_ message: DHCPMessage, limit: Int) throws(DHCPError) -> [UInt8] {
        do throws(DHCPError) {
            return try message.encoded(limit: limit)
        } catch {
            guard case .exceedsLimit = error else { throw error }
        }
        var message = message
        let last: [DHCPOptionCode] = [.domainName, .hostName, .domainNameServer, .broadcastAddress]
        let first = message.options.map(\.code).filter { !last.contains($0) && !Self.indispensable.contains($0) }
        for code in first.reversed() + last {
            message.options[code] = nil
            do throws(DHCPError) {
                return try message.encoded(limit: limit)
            } catch {
                guard case .exceedsLimit = error else { throw error }
            }
        }
        return try message.encoded(limit: limit)
    }

    private static var indispensable: DHCPOptionCodeSet {
        DHCPOptionCodeSet([
            .subnetMask, .router, .classlessStaticRoute, .vendorSpecific, .leaseTime, .messageType, .serverIdentifier,
            .message, .renewalTime, .rebindingTime, .vendorClass, .clientIdentifier, .tftpServerName, .bootFileName,
            .relayAgentInformation, .clientMachine, .subnetSelection, .ipxe,
        ])
    }
}
