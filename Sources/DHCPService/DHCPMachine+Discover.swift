import BootMachine
import BootPolicy
import BootProtocols

extension DHCPMachine {
    /// DHCPDISCOVER: holds an address and offers it (RFC 2131, 4.3.1).
    mutating func discover(_ exchange: inout Exchange) -> [DHCPAction] {
        let client = exchange.client
        if let refusal = reasonToRefuse(client, exchange.verdict) {
            return refuseDiscover(exchange, client, refusal)
        }
        guard let (address, isUntried) = hold(for: exchange, from: network.subnets[exchange.subnet].sections) else {
            return refuseExhausted(exchange, client)
        }
        let reply: DHCPReply
        do throws(DHCPError) {
            reply = try self.reply(.offer, to: exchange, client, address: address)
        } catch {
            return refuse(exchange, "\(client): no offer: \(error)")
        }
        var actions = beginning(of: exchange, client)
        actions.append(.send(reply))
        if isUntried { actions.append(.probe(address)) }
        actions += probes()
        if client.phase != .system, !exchange.conversation.wasOfferRecorded {
            exchange.conversation.wasOfferRecorded = true
            actions.append(exchange.event(.offered, bytes: reply.bytes.count, "\(address) to \(client.offerSummary)"))
        }
        return actions
    }

    /// Holds an address for a machine: the one that is reserved for it, else the one that it has, wishes, or any.
    /// - Returns: with it, whether it is to be asked by ARP whether somebody uses it. Addresses in order were probed
    ///   ahead; one that is reserved or wished for, or was in dispute, was not.
    mutating func hold(
        for exchange: Exchange, from sections: [Int]
    ) -> (IPv4Address, isUntried: Bool)? {
        let (mac, now) = (exchange.mac, exchange.now)
        if let reserved = reservedAddress(for: exchange), pool.isFree(reserved, for: mac, isReserved: true, at: now) {
            let isUntried = isUntried(reserved)
            // Whoever had it by the same reservation is not to be told once more that it has it.
            if let holder = pool.holder(of: reserved), holder.mac != mac { reception.forgetAnswer(to: holder.mac) }
            pool.offerReserved(reserved, to: mac, until: now + Self.offerHold, at: now)
            return (reserved, isUntried)
        }
        let wish = exchange.message.options.requestedAddress
        let isWishUntried = wish.map(isUntried) ?? false
        let address = pool.offer(to: mac, wish: wish, from: sections, until: now + Self.offerHold, at: now)
        return address.map { ($0, isWishUntried && $0 == wish) }
    }

    /// The address that is reserved for a machine, if that is of use where the machine is.
    func reservedAddress(for exchange: Exchange) -> IPv4Address? {
        guard let address = exchange.reservation?.address, let index = network.index(of: address),
            network.subnets[exchange.subnet].neighbours.contains(index)
        else { return nil }
        return address
    }

    private func isUntried(_ address: IPv4Address) -> Bool {
        guard network.index(of: address).map({ network.subnets[0].neighbours.contains($0) }) ?? false else {
            return false
        }
        return pool.holder(of: address).map { $0.hold == .setAside } ?? true
    }

    private mutating func refuseExhausted(_ exchange: Exchange, _ client: BootClient) -> [DHCPAction] {
        let subnet = network.subnets[exchange.subnet]
        var text = "no address is free in \(subnet.subnet): \(subnet.poolWords)"
        if let next = pool.nextExpiry(in: subnet.sections) {
            text += "; the first is free again in \(max(0, next - exchange.now) / 1000) s"
        }
        // A machine that nobody knows must not become a node for asking in vain: whoever floods the pool would
        // flood the registry with it.
        guard exchange.verdict.isKnown else { return refuse(exchange, text) }
        return beginning(of: exchange, client) + refuse(exchange, text)
    }
}
