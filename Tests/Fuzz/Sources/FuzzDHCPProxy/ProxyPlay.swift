import BootMachine
import BootPolicy
import BootProtocols
import FuzzHarness

@testable import DHCPService

/// A proxy, and what must hold of all that it does: it gives no address, stores nothing and refuses nothing that the
/// other server may grant; whoever is answered boots from the network; answers read and are for whom they answer.
struct ProxyPlay {
    private var machine: ProxyDHCPMachine?
    private var now: Int64 = 1_800_000_000_000

    init(settings choice: UInt8) {
        guard let settings = Self.settings(choice) else { return }
        machine = ProxyDHCPMachine(settings: settings) { mac in
            switch mac.value & 3 {
            case 0, 1: .known(name: "n\(mac.value & 31)")
            case 2: .unknown
            default: .ignored(reason: "disabled")
            }
        }
    }

    static func settings(_ choice: UInt8) -> ProxyDHCPSettings? {
        guard let subnet = IPv4Subnet(containing: Step.server, prefixLength: 24) else { return nil }
        let loaders: [BootLoader] = [.ipxe, .pxelinux, .grub, .shim]
        var policy = FirmwarePolicy(loader: loaders[Int(choice & 3)])
        if choice & 4 != 0, let prefix = MACAddressPrefix("52:54:00") { policy.binlClients = [prefix] }
        var settings = ProxyDHCPSettings(
            serverAddress: Step.server, subnet: subnet, httpPort: 8987, firmware: policy)
        if choice & 8 != 0 { settings.firmwareHTTPSPort = 8988 }
        return settings
    }

    mutating func perform(_ step: Step) {
        guard var machine else { return }
        self.machine = nil
        defer { self.machine = machine }
        now += step.pause
        FuzzHarness.events += 1
        // Other settings every now and then, as the input has it.
        let choice = UInt8(truncatingIfNeeded: step.bytes.count >> 4)
        if step.bytes.count % 16 == 15, let settings = Self.settings(choice) { try? machine.apply(settings) }
        let actions = machine.receive(step.bytes, from: step.source, on: step.port, at: now)
        let request = try? DHCPMessage(decoding: step.bytes)
        for action in actions {
            switch action {
            case .commit, .probe: require(false, "a proxy that does \(action)")
            case .send(let reply): check(reply, to: request, of: step)
            case .record(let event): require(event.at == now && event.kind != .leased, "the event \(event)")
            case .observe(let address, let mac):
                require(address != Step.server && mac.value & 3 < 2, "\(mac) is seen at \(address)")
            }
        }
    }

    private func check(_ reply: DHCPReply, to request: DHCPMessage?, of step: Step) {
        guard let request, let message = try? DHCPMessage(decoding: reply.bytes) else {
            return require(false, "an answer that does not read")
        }
        require(message.operation == .reply && message.mac == request.mac, "an answer to \(message.mac)")
        require(message.transactionID == request.transactionID, "an answer of another transaction")
        require(message.yourAddress == .any && message.options.leaseTime == nil, "an address of \(message.yourAddress)")
        require(message.options.messageType == (step.port == .server ? .offer : .ack), "an answer of another type")
        require(reply.source == step.port, "an answer from \(reply.source)")
        let vendor = message.options.vendorClass ?? ""
        require(vendor == "PXEClient" || vendor == "HTTPClient", "an answer that does not say it is a proxy's")
        require(message.options.serverIdentifier != nil, "an answer without its server")
        require(reply.bytes.count <= max(300, request.options.payloadLimit), "an answer of \(reply.bytes.count) bytes")
        require(message.options.clientIdentifier == request.options.clientIdentifier, "option 61 is not echoed")
        require(message.options.relayAgentInformation == request.options.relayAgentInformation, "nor is 82")
        if step.port == .bootServer { require(reply.destination == .routed(step.source), "an answer to another port") }
    }
}

/// One proxy that lives through all inputs, each datagram from another machine: what it remembers stays bounded.
struct ProxyMarathon {
    private var machine = ProxyPlay.settings(0).map { settings in
        ProxyDHCPMachine(settings: settings) { $0.value & 0x1f == 0 ? .known(name: "n") : .unknown }
    }
    private var now: Int64 = 1_800_000_000_000
    private var count: UInt64 = 0

    mutating func perform(_ step: Step) {
        count &+= 1
        let step = step.fromMachine(count)
        now += step.pause
        _ = machine?.receive(step.bytes, from: step.source, on: step.port, at: now)
        guard count.isMultiple(of: 4096), let machine else { return }
        require(machine.reception.remembered <= 16384, "\(machine.reception.remembered) machines are remembered")
    }
}
