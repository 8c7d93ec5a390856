import BootPolicy
import BootProtocols

extension DHCPMachine {
    /// An OFFER or an ACK (RFC 2131, 4.3.1 and table 3).
    /// - Parameter address: what the client gets; nil for DHCPINFORM, which gets options alone.
    func reply(
        _ type: DHCPMessageType, to exchange: Exchange, _ client: BootClient, address: IPv4Address?
    ) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        var reply = frame(type, for: request)
        if type == .ack { reply.clientAddress = request.clientAddress }
        if let address {
            reply.yourAddress = address
            reply.options.leaseTime = settings.leaseSeconds
            reply.options.renewalTime = settings.leaseSeconds / 2
            reply.options.rebindingTime = UInt32(UInt64(settings.leaseSeconds) * 7 / 8)
        }
        addNetworkOptions(to: &reply, for: exchange)
        if !exchange.verdict.isIgnored { client.fillBootFields(of: &reply, from: bootServer) }
        echo(request, into: &reply)
        return DHCPReply(
            bytes: try encodeToFit(reply, limit: request.options.payloadLimit),
            destination: destination(of: reply, for: request), source: .server)
    }

    /// A DHCPNAK: always broadcast on the link, for the client's address is wrong (RFC 2131, 4.3.2).
    func nak(_ exchange: Exchange, _ reason: String) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        var nak = frame(.nak, for: request)
        nak.options.message = reason
        echo(request, into: &nak)
        if request.relayAddress != .any { nak.wantsBroadcast = true }
        let destination: DHCPReply.Destination =
            request.relayAddress == .any
            ? .broadcast : .routed(IPv4Endpoint(request.relayAddress, port: DHCPPort.server.rawValue))
        return DHCPReply(
            bytes: try nak.encoded(limit: request.options.payloadLimit), destination: destination, source: .server)
    }

    /// Mask, router and DNS go to everyone: ROMs use them and forget to ask. Names go to those who ask.
    private func addNetworkOptions(to reply: inout DHCPMessage, for exchange: Exchange) {
        let wanted = exchange.message.options
        reply.options.subnetMask = settings.subnet.netmask
        reply.options.broadcastAddress = settings.subnet.broadcast
        if let router = settings.router { reply.options.routers = [router] }
        reply.options.domainNameServers = settings.nameServers
        if case .known(let name) = exchange.verdict, wanted.requests(.hostName) { reply.options.hostName = name }
        if let domain = settings.domain, wanted.requests(.domainName) { reply.options.domainName = domain }
    }

    /// RFC 2131, 4.1: by relay, to the address in use, by broadcast if the client asks for it, else to its MAC.
    private func destination(of reply: DHCPMessage, for request: DHCPMessage) -> DHCPReply.Destination {
        if request.relayAddress != .any {
            return .routed(IPv4Endpoint(request.relayAddress, port: DHCPPort.server.rawValue))
        }
        if request.clientAddress != .any { return .routed(IPv4Endpoint(request.clientAddress, port: 68)) }
        if request.wantsBroadcast || settings.forcesBroadcast { return .broadcast }
        return .link(request.mac, reply.yourAddress)
    }
}
