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
        let wish = exchange.message.options.requestedAddress
        // Addresses in order were probed ahead; one that is wished for, or was in dispute, was not.
        let isWishUntried = wish.map { pool.holder(of: $0).map { $0.hold == .setAside } ?? true } ?? false
        guard
            let address = pool.offer(
                to: exchange.mac, wish: wish, until: exchange.now + Self.offerHold, at: exchange.now)
        else { return refuseExhausted(exchange, client) }
        let isUntried = isWishUntried && address == wish
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
            actions.append(exchange.event(.offered, bytes: reply.bytes.count, "\(address) to \(client.summary)"))
        }
        return actions
    }

    private mutating func refuseExhausted(_ exchange: Exchange, _ client: BootClient) -> [DHCPAction] {
        var text = "no address is free: all \(pool.size) of \(DHCPSettingsError.text(pool.range)) are held"
        if let next = pool.nextExpiry {
            text += "; the first is free again in \(max(0, next - exchange.now) / 1000) s"
        }
        // A machine that nobody knows must not become a node for asking in vain: whoever floods the pool would
        // flood the registry with it.
        guard exchange.verdict.isKnown else { return refuse(exchange, text) }
        return beginning(of: exchange, client) + refuse(exchange, text)
    }
}
