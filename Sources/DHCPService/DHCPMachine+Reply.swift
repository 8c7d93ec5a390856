import BootPolicy
import BootProtocols

extension DHCPMachine {
    /// An OFFER or an ACK (RFC 2131, 4.3.1 and table 3).
    /// - Parameter address: what the client gets; nil for DHCPINFORM, which gets options alone.
    func reply(
        _ type: DHCPMessageType, to exchange: Exchange, _ client: BootClient, address: IPv4Address?
    ) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        let subnet = subnet(of: address, for: exchange)
        var reply = frame(type, for: exchange)
        if type == .ack { reply.clientAddress = request.clientAddress }
        if let address {
            reply.yourAddress = address
            addTimes(network.subnets[subnet].settings.leaseTimes.granted(request.options.leaseTime), to: &reply)
        }
        if !exchange.verdict.isIgnored { client.fillBootFields(of: &reply, from: bootServer) }
        addOptions(of: subnet, to: &reply, for: exchange, client)
        echo(request, into: &reply)
        return DHCPReply(
            bytes: try encodeToFit(reply, limit: request.options.payloadLimit),
            destination: destination(of: reply, for: exchange), source: .server)
    }

    /// A DHCPNAK: always broadcast on the link, for the client's address is wrong (RFC 2131, 4.3.2).
    func nak(_ exchange: Exchange, _ reason: String) throws(DHCPError) -> DHCPReply {
        let request = exchange.message
        var nak = frame(.nak, for: exchange)
        nak.options.message = reason
        echo(request, into: &nak)
        if request.relayAddress != .any { nak.wantsBroadcast = true }
        return DHCPReply(
            bytes: try nak.encoded(limit: request.options.payloadLimit),
            destination: request.relayAddress == .any ? .broadcast : relayed(exchange), source: .server)
    }

    /// The subnet whose mask, router and times belong to an address, as `ServedNetwork` numbers them; where several share
    /// a link, it need not be the one that the client was found in.
    func subnet(of address: IPv4Address?, for exchange: Exchange) -> Int {
        guard network.subnets[exchange.subnet].neighbours.count > 1 else { return exchange.subnet }
        return address.flatMap(network.index) ?? exchange.subnet
    }

    private func addTimes(_ seconds: UInt32, to reply: inout DHCPMessage) {
        reply.options.leaseTime = seconds
        guard seconds != DHCPLeaseTimes.forever else { return }
        reply.options.renewalTime = seconds / 2
        reply.options.rebindingTime = UInt32(truncatingIfNeeded: UInt64(seconds) * 7 / 8)
    }

    /// What the client is told of its network: of the machine, its groups, its subnet and the server, the first that
    /// says anything of an option.
    func addOptions(
        of subnet: Int, to reply: inout DHCPMessage, for exchange: Exchange, _ client: BootClient
    ) {
        let wanted = exchange.message.options
        var settled = reply.options.codes
        // ROMs use the mask and forget to ask for it.
        let range = network.subnets[subnet].subnet
        reply.options.subnetMask = range.netmask
        if let name = exchange.hostName {
            settled.insert(.hostName)
            if wanted.requests(.hostName) { reply.options.hostName = name }
        }
        let codes = wanted.requestedCodes
        if let own = exchange.reservation?.options, !own.isEmpty {
            add(own, to: &reply, &settled, wanted: codes, client)
        }
        add(network.subnets[subnet].options, to: &reply, &settled, wanted: codes, client)
        if !settled.contains(.broadcastAddress) { reply.options.broadcastAddress = range.broadcast }
        if reply.options[.classlessStaticRoute] != nil { leaveRouterToRoutes(&reply) }
    }

    private func add(
        _ options: [DHCPOptionSetting], to reply: inout DHCPMessage, _ settled: inout DHCPOptionCodeSet,
        wanted: DHCPOptionCodeSet?, _ client: BootClient
    ) {
        for option in options where !settled.contains(option.code) {
            settled.insert(option.code)
            if isSent(option, wanted: wanted, client) { reply.options[option.code] = option.value[...] }
        }
    }

    /// A client without option 55 leaves the choice to the server, but for what changes how it sees its network.
    private func isSent(_ option: DHCPOptionSetting, wanted: DHCPOptionCodeSet?, _ client: BootClient) -> Bool {
        switch option.code {
        case .ipv6OnlyPreferred:
            // A ROM that gives IPv4 up does not boot (RFC 8925 asks for IPv6 where it is sent).
            wanted?.contains(option.code) == true && client.phase != .firmware && client.phase != .loader
        case .classlessStaticRoute: option.isForced || wanted?.contains(option.code) == true
        default: option.isForced || wanted?.contains(option.code) ?? true
        }
    }

    /// A client that takes option 121 looks at no router (RFC 3442): the default route goes in with the others.
    private func leaveRouterToRoutes(_ reply: inout DHCPMessage) {
        guard let routes = reply.options[.classlessStaticRoute] else { return }
        if !ClasslessRoute.hasDefault(in: routes), let router = reply.options.routers.first, routes.count <= 250 {
            reply.options[.classlessStaticRoute] = routes + [0] + router.octets
        }
        reply.options.routers = []
    }
}

extension DHCPExchange {
    /// Option 12 for the machine: what is reserved for it, else the name of its node.
    fileprivate var hostName: String? {
        if let name = reservation?.hostName { return name }
        guard case .known(let name) = verdict else { return nil }
        return name
    }
}
