import BootProtocols

extension DHCPMachine {
    /// Finds the subnet that a client is in: by what its relay agent selects (RFC 3527), by what it selects itself
    /// (RFC 3011), by the relay's address, by the client's own, else the one of the interface.
    /// - Returns: why it is in none that is served.
    func locate(_ exchange: inout Exchange) -> String? {
        let message = exchange.message
        let relay = message.relayAddress
        if relay == settings.serverAddress {
            return "a relay agent that gives this server's address \(relay) for its own"
        }
        if let link = exchange.relay?.linkSelection {
            guard let index = network.index(of: link) else {
                return "relay agent \(relay) asks for the subnet of \(link), which is not in \(network.words)"
            }
            exchange.subnet = index
            return nil
        }
        if let selection = message.options.subnetSelection {
            guard let index = network.index(of: selection) else {
                return "a client that asks for the subnet of \(selection), which is not in \(network.words)"
            }
            exchange.subnet = index
            return nil
        }
        if relay != .any {
            guard let index = network.index(of: relay) else { return "relay agent \(relay) is not in \(network.words)" }
            exchange.subnet = index
        } else if message.clientAddress != .any {
            exchange.subnet = network.index(of: message.clientAddress) ?? 0
        }
        return nil
    }

    /// Where an answer goes (RFC 2131, 4.1): by relay, to the address in use (on the link by the MAC that
    /// it is at), by broadcast if the client asks for it,
    /// else to its MAC.
    func destination(of reply: DHCPMessage, for exchange: Exchange) -> DHCPReply.Destination {
        let request = exchange.message
        if request.relayAddress != .any { return relayed(exchange) }
        if request.clientAddress != .any {
            // On its own link the server knows the MAC already. The kernel keeps 1,024 neighbours (arp(7), gc_thresh3) and
            // drops what it has no room for: of 3,000 machines that renew, most would get nothing.
            let isOnLink =
                exchange.source.address == request.clientAddress
                && settings.subnet.contains(request.clientAddress)
            return isOnLink
                ? .link(request.mac, request.clientAddress)
                : .routed(IPv4Endpoint(request.clientAddress, port: 68))
        }
        if request.wantsBroadcast || settings.forcesBroadcast { return .broadcast }
        return .link(request.mac, reply.yourAddress)
    }

    /// To the relay agent: to port 67, or to the port that it sent from, if it asks for that (RFC 8357, 5).
    func relayed(_ exchange: Exchange) -> DHCPReply.Destination {
        let usesSource = exchange.relay?.usesSourcePort == true && exchange.source.port != 0
        let port = usesSource ? exchange.source.port : DHCPPort.server.rawValue
        return .routed(IPv4Endpoint(exchange.message.relayAddress, port: port))
    }
}
