import BootMachine
import BootPolicy
import BootProtocols
import Registry

extension DHCPMachine {
    /// What a DHCPREQUEST asks for, and in which of the client's states (RFC 2131, 4.3.2 and table 4).
    private struct Wish {
        enum State {
            /// An answer to an offer.
            case selecting
            /// The machine started again and would like the address that it had.
            case initReboot
            /// RENEWING or REBINDING: the client uses the address now.
            case extending
        }

        let state: State
        let address: IPv4Address
        /// Option 54: the server that was chosen.
        let server: IPv4Address?

        /// Nil if the message names no address.
        init?(_ message: DHCPMessage) {
            server = message.options.serverIdentifier
            if message.clientAddress != .any {
                state = .extending
                address = message.clientAddress
            } else if let requested = message.options.requestedAddress {
                state = server == nil ? .initReboot : .selecting
                address = requested
            } else {
                return nil
            }
        }
    }

    /// DHCPREQUEST: gives the address, once its lease is on stable storage.
    mutating func request(_ exchange: inout Exchange) -> [DHCPAction] {
        guard let wish = Wish(exchange.message) else {
            return refuse(exchange, "a DHCPREQUEST that names no address (neither option 50 nor ciaddr)")
        }
        guard wish.server == nil || wish.server == settings.serverAddress else {
            // The client took another server's offer: ours is free again.
            if !pool.hasLease(exchange.mac, at: exchange.now) { pool.release(exchange.mac, at: exchange.now) }
            return []
        }
        let client = exchange.client
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuse(exchange, refusal) }
        if let problem = problem(with: wish.address, for: exchange) {
            return refuseAddress(exchange, isAskedByName: wish.server != nil, problem)
        }
        return acknowledge(wish.address, &exchange, client, isExtension: wish.state == .extending)
    }

    /// Why this machine cannot have `address`. One that is free is given even where the server has no record of
    /// it: after a loss of the registry machines keep what they use.
    private func problem(with address: IPv4Address, for exchange: Exchange) -> String? {
        guard settings.subnet.contains(address) else { return "\(address) is not in \(settings.subnet)" }
        guard pool.isServed(address) else {
            return "\(address) is not in the pool \(DHCPSettingsError.text(pool.range))"
        }
        guard pool.isFree(address, for: exchange.mac, at: exchange.now) else {
            return "\(address) is another machine's"
        }
        if let own = pool.address(of: exchange.mac), own != address, pool.hasLease(exchange.mac, at: exchange.now) {
            return "this machine's address is \(own), not \(address)"
        }
        return nil
    }

    private mutating func acknowledge(
        _ address: IPv4Address, _ exchange: inout Exchange, _ client: BootClient, isExtension: Bool
    ) -> [DHCPAction] {
        let reply: DHCPReply
        do throws(DHCPError) {
            reply = try self.reply(.ack, to: exchange, client, address: address)
        } catch {
            return refuse(exchange, "\(client): no DHCPACK: \(error)")
        }
        let expires = exchange.now + Int64(settings.leaseSeconds) * 1000
        pool.lease(address, to: exchange.mac, until: expires)
        exchange.conversation.isAcknowledged = true
        if client.isGivenLoader { exchange.conversation.loaderGiven = exchange.now }
        var actions: [DHCPAction] = [
            .commit(Lease(mac: exchange.mac, address: address, expires: expires)), .send(reply),
        ]
        if !isExtension, client.phase != .system || exchange.verdict.isKnown {
            actions.append(exchange.event(.leased, bytes: reply.bytes.count, "\(address) to \(client.summary)"))
        }
        return actions
    }

    /// DHCPNAK, where it is ours to say it: RFC 2131, 4.3.2 lets a server without a record keep silent, since
    /// another one may have it. Who asked us by name gets an answer in any case.
    private mutating func refuseAddress(_ exchange: Exchange, isAskedByName: Bool, _ problem: String) -> [DHCPAction] {
        guard settings.isAuthoritative || isAskedByName else {
            return refuse(exchange, "no answer to a DHCPREQUEST: \(problem), and another server may know better")
        }
        do throws(DHCPError) {
            return [.send(try nak(exchange, problem))] + refuse(exchange, "DHCPNAK: \(problem)")
        } catch {
            return refuse(exchange, "no DHCPNAK: \(error)")
        }
    }
}
