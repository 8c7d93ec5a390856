import BootMachine
import BootProtocols

/// DHCPLEASEQUERY (RFC 4388): a relay agent asks what it forgot, or never saw, of an address or a machine.
extension DHCPMachine {
    /// Option 53 of a query and of its answers (RFC 4388, 6.1).
    private enum QueryType: UInt8 {
        case query = 10
        /// An address of ours that nobody has a lease on.
        case unassigned
        /// Nothing is known of it here.
        case unknown
        case active
    }

    /// The answer to a query by address, MAC or client identifier; nil where the bytes are no query.
    ///
    /// Only relay agents of subnets that are served are answered, and not faster than machines are: who holds which
    /// address is nobody else's business (RFC 4388, 7).
    mutating func answerLeaseQuery(_ bytes: [UInt8], from source: IPv4Endpoint, at now: Int64) -> [DHCPAction]? {
        guard bytes.count > 242, bytes[0] == 1, bytes[240] == 53, bytes[241] == 1,
            bytes[242] == QueryType.query.rawValue
        else { return nil }
        // A query by address names no machine, not even a kind of hardware.
        var readable = bytes
        let isBare = bytes[1] == 0 && bytes[2] == 0
        if isBare { readable.replaceSubrange(1...2, with: [1, 6]) }
        guard let query = try? DHCPMessage(decoding: readable), !isBare || query.mac.value == 0 else { return nil }
        let relay = query.relayAddress
        guard relay != .any, relay != settings.serverAddress, network.index(of: relay) != nil else {
            return reception.refuseQuery(
                of: query.mac, at: now,
                "a DHCPLEASEQUERY from \(source.address), which is no relay agent of \(network.words)")
        }
        guard reception.mayAsk(relay, at: now) else { return [] }
        let (type, lease) = find(query, at: now)
        guard let bytes = try? answer(type, lease, to: query, isBare: isBare, at: now) else { return [] }
        let port = query.options.relayAgent?.usesSourcePort == true ? source.port : DHCPPort.server.rawValue
        return [.send(DHCPReply(bytes: bytes, destination: .routed(IPv4Endpoint(relay, port: port)), source: .server))]
    }

    private typealias Found = (address: IPv4Address, holder: AddressPool.Holder)

    private func find(_ query: DHCPMessage, at now: Int64) -> (QueryType, Found?) {
        if query.clientAddress != .any {
            let address = query.clientAddress
            guard pool.isServed(address) else { return (.unknown, nil) }
            let lease = found(address, at: now)
            return (lease == nil ? .unassigned : .active, lease)
        }
        // Leases are kept by MAC; the usual identifier is 1 and that (RFC 2132, 9.14).
        let identifier = query.options.clientIdentifier
        let named = identifier.flatMap { $0.first == 1 ? MACAddress(octets: $0.dropFirst()) : nil }
        guard let mac = identifier == nil ? query.mac : named,
            let lease = pool.address(of: mac).flatMap({ found($0, at: now) })
        else { return (.unknown, nil) }
        return (.active, lease)
    }

    private func found(_ address: IPv4Address, at now: Int64) -> Found? {
        guard let holder = pool.holder(of: address), holder.hold == .leased, holder.expires > now else { return nil }
        return (address, holder)
    }

    private func answer(
        _ type: QueryType, _ lease: Found?, to query: DHCPMessage, isBare: Bool, at now: Int64
    ) throws(DHCPError) -> [UInt8] {
        var answer = DHCPMessage(.reply, transactionID: query.transactionID, mac: lease?.holder.mac ?? query.mac)
        answer.relayAddress = query.relayAddress
        answer.clientAddress = lease?.address ?? query.clientAddress
        answer.options[.messageType] = [type.rawValue]
        answer.options.serverIdentifier = settings.serverAddress
        if let lease { answer.options.leaseTime = UInt32(clamping: (lease.holder.expires - now) / 1000) }
        echo(query, into: &answer)
        var bytes = try encodeToFit(answer, limit: query.options.payloadLimit)
        if isBare, lease == nil { bytes.replaceSubrange(1...2, with: [0, 0]) }
        return bytes
    }
}

extension DHCPReception {
    /// Whether a relay agent may ask once more. It has a record as machines have, under its address.
    fileprivate mutating func mayAsk(_ relay: IPv4Address, at now: Int64) -> Bool {
        takePace(of: MACAddress(value: UInt64(relay.value)), at: now)
    }

    /// A query by address is of no machine, and so there is none to record it of.
    fileprivate mutating func refuseQuery(of mac: MACAddress, at now: Int64, _ detail: String) -> [DHCPAction] {
        guard mac.value != 0, !mac.isMulticast, mayRecord(mac, at: now) else { return [] }
        return [.record(BootEvent(node: mac, kind: .refused, at: now, transport: .dhcp, detail: detail))]
    }
}
