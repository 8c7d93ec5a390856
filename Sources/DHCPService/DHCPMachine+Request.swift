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
        guard isOurs(wish.server, exchange) else {
            // The client took another server's offer: ours is free again.
            if !pool.hasLease(exchange.mac, at: exchange.now) { pool.release(exchange.mac, at: exchange.now) }
            return refuse(exchange, "this machine chose the DHCP server \(wish.server?.description ?? "")")
        }
        let client = exchange.client
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuse(exchange, refusal) }
        if let problem = problem(with: wish.address, for: exchange, isInUse: wish.state == .extending) {
            return refuseAddress(exchange, isAskedByName: wish.server != nil, problem)
        }
        return acknowledge(wish.address, &exchange, client, isExtension: wish.state == .extending)
    }

    /// Whether option 54 names this server, or what a relay agent makes clients take for it (RFC 5107, 4).
    func isOurs(_ server: IPv4Address?, _ exchange: Exchange) -> Bool {
        guard let server else { return true }
        return server == settings.serverAddress || server == exchange.serverOverride
    }

    /// Why this machine cannot have `address`. One that is free is given even where the server has no record of
    /// it: after a loss of the registry machines keep what they use.
    /// - Parameter isInUse: the machine runs with it. It keeps it then until it starts again, even where another one is
    ///   reserved for it by now.
    private func problem(with address: IPv4Address, for exchange: Exchange, isInUse: Bool) -> String? {
        guard let index = network.index(of: address), network.subnets[exchange.subnet].neighbours.contains(index) else {
            return "\(address) is not in \(network.subnets[exchange.subnet].subnet)"
        }
        guard pool.isServed(address) else { return "\(address) is not in \(network.subnets[index].poolNames)" }
        let reserved = reservedAddress(for: exchange)
        guard pool.isFree(address, for: exchange.mac, isReserved: reserved == address, at: exchange.now) else {
            return "\(address) is another machine's"
        }
        if let reserved, reserved != address, !isInUse,
            pool.isFree(reserved, for: exchange.mac, isReserved: true, at: exchange.now)
        {
            return "\(reserved) is reserved for this machine, not \(address)"
        }
        if let own = pool.address(of: exchange.mac), own != address, own != reserved,
            pool.hasLease(exchange.mac, at: exchange.now)
        {
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
        let times = network.subnets[subnet(of: address, for: exchange)].settings.leaseTimes
        let expires = exchange.now + Int64(times.granted(exchange.message.options.leaseTime)) * 1000
        pool.lease(
            address, to: exchange.mac, isReserved: exchange.reservation?.address == address, until: expires)
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
