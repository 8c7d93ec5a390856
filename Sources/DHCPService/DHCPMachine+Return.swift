import BootMachine
import BootPolicy
import BootProtocols
import Registry

/// The messages by which clients give addresses back or ask for options alone.
extension DHCPMachine {
    /// DHCPDECLINE: the client found its address in use (RFC 2131, 4.3.3). The address is set aside, and the event
    /// says so: somebody has a static address in the pool.
    mutating func decline(_ exchange: Exchange) -> [DHCPAction] {
        guard isOurs(exchange.message.options.serverIdentifier, exchange) else { return refuseForeign(exchange) }
        guard let address = exchange.message.options.requestedAddress, pool.address(of: exchange.mac) == address else {
            return refuse(exchange, "a DHCPDECLINE of an address that this machine does not have")
        }
        pool.setAside(exchange.mac, until: exchange.now + Self.declineHold)
        return [.commit(Lease(mac: exchange.mac, address: address, expires: exchange.now))]
            + refuse(
                exchange,
                "\(address) was declined: another host uses it; it is set aside for \(Self.declineHold / 1000) s")
    }

    /// DHCPRELEASE (RFC 2131, 4.3.4). The machine gets the address again if it asks before it is needed.
    mutating func release(_ exchange: Exchange) -> [DHCPAction] {
        let address = exchange.message.clientAddress
        guard isOurs(exchange.message.options.serverIdentifier, exchange) else { return refuseForeign(exchange) }
        guard pool.address(of: exchange.mac) == address, pool.hasLease(exchange.mac, at: exchange.now) else {
            return refuse(exchange, "a DHCPRELEASE of \(address), which this machine does not have")
        }
        pool.release(exchange.mac, at: exchange.now)
        return [.commit(Lease(mac: exchange.mac, address: address, expires: exchange.now))]
    }

    /// DHCPINFORM: options without an address, for a client that has one (RFC 2131, 4.3.5).
    mutating func inform(_ exchange: Exchange) -> [DHCPAction] {
        let client = exchange.client
        if let problem = problem(withClientAt: exchange.message.clientAddress, of: exchange.mac) {
            return refuse(exchange, "a DHCPINFORM: \(problem)")
        }
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuse(exchange, refusal) }
        do throws(DHCPError) {
            return [.send(try reply(.ack, to: exchange, client, address: nil))]
        } catch {
            return refuse(exchange, "\(client): no DHCPACK to its DHCPINFORM: \(error)")
        }
    }

    private mutating func refuseForeign(_ exchange: Exchange) -> [DHCPAction] {
        let server = exchange.message.options.serverIdentifier?.description ?? ""
        let type = exchange.message.options.messageType?.description ?? ""
        return refuse(exchange, "a \(type) for the DHCP server \(server)")
    }
}
