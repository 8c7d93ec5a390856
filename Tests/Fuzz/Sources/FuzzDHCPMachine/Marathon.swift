import BootPolicy
import BootProtocols
import FuzzHarness

@testable import DHCPService

/// One server that lives through all inputs, each datagram from another machine: what it remembers stays bounded.
struct Marathon {
    private var machine: DHCPMachine?
    private var now: Int64 = 1_800_000_000_000
    private var count: UInt64 = 0

    init() {
        guard let subnet = IPv4Subnet(containing: Step.server, prefixLength: 20) else { return }
        let settings = DHCPSettings(serverAddress: Step.server, subnet: subnet, leaseSeconds: 600, httpPort: 8987)
        machine = try? DHCPMachine(settings: settings, leases: []) { $0.value & 1 == 0 ? .unknown : .known(name: "n") }
    }

    mutating func perform(_ step: Step) {
        var bytes = step.bytes
        count &+= 1
        // chaddr, at its place (RFC 2131, 2).
        if bytes.count >= 34 {
            let mac = MACAddress(value: count &* 0x9e37_79b9 & 0xfeff_ffff_ffff)
            bytes.replaceSubrange(28..<34, with: mac.octets)
        }
        now += max(-60_000, min(step.pause, 60_000)) / 100
        _ = machine?.receive(bytes, from: step.source, on: step.port, at: now)
        guard count.isMultiple(of: 4096), let machine else { return }
        require(machine.reception.remembered <= 16384, "\(machine.reception.remembered) machines are remembered")
        require(machine.pool.queued <= 2 * machine.pool.remembered + 66, "\(machine.pool.queued) expiries are queued")
    }
}
