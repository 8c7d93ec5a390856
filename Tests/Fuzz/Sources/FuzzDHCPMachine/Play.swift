import BootMachine
import BootPolicy
import BootProtocols
import FuzzHarness
import Registry

@testable import DHCPService

/// A server and what a bystander knows of it: which leases it committed, and what it may therefore say.
///
/// Held against every answer: it reads, is for whom it answers, is within what the client takes; an ACK for an address
/// stands behind its commit; no address is two machines', no machine has two, and none is outside the pool.
struct Play {
    private static let subnet = IPv4Subnet(containing: Step.server, prefixLength: 28)
    private var machine: DHCPMachine?
    private var now: Int64 = 1_800_000_000_000
    /// The latest that the clock ever said: what was over by then is over, even if the clock goes back.
    private var latest: Int64 = 0
    private var leases: [IPv4Address: Lease] = [:]
    private var setAside: [IPv4Address: Int64] = [:]

    init(settings choice: UInt8) {
        guard let subnet = Self.subnet else { return }
        var settings = DHCPSettings(
            serverAddress: Step.server, subnet: subnet, leaseSeconds: choice & 1 == 0 ? 60 : 3600, router: Step.server,
            nameServers: [IPv4Address(value: Step.server.value + 1)], domain: "cluster.example", httpPort: 8987)
        settings.isAuthoritative = choice & 2 == 0
        settings.forcesBroadcast = choice & 4 != 0
        if choice & 8 != 0 {
            let range = IPv4Address(value: Step.server.value + 4)...IPv4Address(value: Step.server.value + 6)
            settings.link.pools = [DHCPPool(range)]
        }
        machine = try? DHCPMachine(settings: settings, leases: []) { mac in
            switch mac.value & 3 {
            case 0, 1: .known(name: "n\(mac.value & 31)")
            case 2: .unknown
            default: .ignored(reason: "disabled")
            }
        }
        require(machine != nil, "the settings are refused")
    }

    mutating func perform(_ step: Step) {
        guard var machine else { return }
        self.machine = nil
        now += step.pause
        latest = max(latest, now)
        FuzzHarness.events += 1
        let actions = machine.receive(step.bytes, from: step.source, on: step.port, at: now)
        let request = try? DHCPMessage(decoding: step.bytes)
        var committed: Lease?
        for action in actions {
            switch action {
            case .commit(let lease):
                check(lease, machine, isDecline: request?.options.messageType == .decline)
                committed = lease
            case .send(let reply): check(reply, to: request, behind: committed)
            case .record(let event): require(event.at == now, "an event of another time")
            case .probe(let address): require(machine.pool.isServed(address), "a probe of \(address)")
            case .observe(let address, let mac): require(false, "\(mac) is seen at \(address)")
            }
        }
        require(machine.pool.queued <= 2 * machine.pool.remembered + 66, "\(machine.pool.queued) expiries are queued")
        self.machine = machine
    }

    private mutating func check(_ lease: Lease, _ machine: DHCPMachine, isDecline: Bool) {
        if lease.expires > now {
            require(machine.pool.isServed(lease.address), "\(lease.address) is not in the pool")
            if let holder = leases[lease.address], holder.expires > latest {
                require(holder.mac == lease.mac, "\(lease.address) is of \(holder.mac) and given to \(lease.mac)")
            }
            let other = leases.values.first {
                $0.mac == lease.mac && $0.address != lease.address && $0.expires > latest
            }
            require(other == nil, "\(lease.mac) has \(String(describing: other?.address)) and \(lease.address)")
            require(setAside[lease.address, default: 0] <= now, "\(lease.address) was declined and is given again")
            setAside[lease.address] = nil
        }
        if isDecline { setAside[lease.address] = now + 600_000 }
        // A machine has one lease, as in the registry; one that was given back is over.
        leases = leases.filter { $0.value.mac != lease.mac }
        leases[lease.address] = lease.expires > now ? lease : nil
    }

    private func check(_ reply: DHCPReply, to request: DHCPMessage?, behind lease: Lease?) {
        guard let request, let message = try? DHCPMessage(decoding: reply.bytes) else {
            return require(false, "an answer that does not read")
        }
        require(message.operation == .reply, "an answer that is a request")
        require(message.transactionID == request.transactionID, "an answer of another transaction")
        require(reply.bytes.count <= max(300, request.options.payloadLimit), "an answer of \(reply.bytes.count) bytes")
        // DHCPLEASEQUERY: what is asked about an address is told with the machine that has it (RFC 4388, 6.4.2).
        if request.options[DHCPOptionCode(rawValue: 53)]?.first == 10 { return }
        require(message.mac == request.mac, "an answer to \(message.mac)")
        // A relay agent may stand in for the server of addresses (RFC 5107), but not for that of boot files.
        let override = request.relayAddress == .any ? nil : request.options.relayAgent?.serverIdentifierOverride
        let mayStandIn = reply.source == .server && [.offer, .ack, .nak].contains(message.options.messageType)
        let server = mayStandIn ? override ?? Step.server : Step.server
        require(message.options.serverIdentifier == server, "an answer without its server")
        require(message.options.clientIdentifier == request.options.clientIdentifier, "option 61 is not echoed")
        require(message.options.relayAgentInformation == request.options.relayAgentInformation, "nor is 82")
        if message.options.messageType == .ack, message.yourAddress != .any {
            require(lease?.address == message.yourAddress && lease?.mac == message.mac, "an ACK without its commit")
        }
    }
}
