import BootMachine
import BootPolicy
import BootProtocols
import Registry

extension DHCPMachine {
    /// A BOOTREQUEST of a client that knows no DHCP (RFC 951, RFC 1534): one answer, and the address is its own. It
    /// gets one that is reserved for it, or one of a pool that is for such clients.
    mutating func bootp(_ exchange: inout Exchange) -> [DHCPAction] {
        let client = exchange.client
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuse(exchange, refusal) }
        let sections = network.subnets[exchange.subnet].bootpSections
        guard let (address, isUntried) = hold(for: exchange, from: sections) else {
            return refuse(exchange, noBOOTPAddress(exchange))
        }
        let reply: DHCPReply
        do throws(DHCPError) {
            reply = try bootReply(to: exchange, client, address)
        } catch {
            return refuse(exchange, "no BOOTREPLY: \(error)")
        }
        if client.isGivenLoader { exchange.conversation.loaderGiven = exchange.now }
        let seconds =
            network.subnets[subnet(of: address, for: exchange)].settings.leaseTimes.bootp ?? DHCPLeaseTimes.forever
        let expires = exchange.now + Int64(seconds) * 1000
        pool.lease(address, to: exchange.mac, isReserved: exchange.reservation?.address == address, until: expires)
        let actions: [DHCPAction] = [
            .commit(Lease(mac: exchange.mac, address: address, expires: expires)), .send(reply),
            exchange.event(.leased, bytes: reply.bytes.count, "\(address) by BOOTP"),
        ]
        return (isUntried ? [.probe(address)] : []) + actions
    }

    private func noBOOTPAddress(_ exchange: Exchange) -> String {
        let subnet = network.subnets[exchange.subnet]
        guard !subnet.bootpSections.isEmpty else {
            return
                "BOOTP without DHCP (no option 53): nothing is reserved for this machine, and \(subnet.subnet) has no "
                + "pool with `bootp: true`"
        }
        return
            "BOOTP without DHCP (no option 53): all addresses of the pools with `bootp: true` in \(subnet.subnet) are held"
    }

    /// A BOOTREPLY: no type, no server identifier and no times (RFC 1534, 2), and options within the 64 bytes of the
    /// vendor area (RFC 951, 3).
    private func bootReply(
        to exchange: Exchange, _ client: BootClient, _ address: IPv4Address
    ) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        var reply = frame(.offer, for: exchange)
        reply.options.messageType = nil
        reply.options.serverIdentifier = nil
        reply.yourAddress = address
        reply.clientAddress = request.clientAddress
        if !exchange.verdict.isIgnored { client.fillBootFields(of: &reply, from: bootServer) }
        addOptions(of: subnet(of: address, for: exchange), to: &reply, for: exchange, client)
        echo(request, into: &reply)
        let relayBytes = reply.options.relayAgentInformation.map { $0.count + 2 } ?? 0
        return DHCPReply(
            bytes: try encodeToFit(reply, limit: DHCPMessage.minimumSize + relayBytes),
            destination: destination(of: reply, for: exchange), source: .server)
    }
}
