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
        count &+= 1
        let step = step.fromMachine(count)
        now += step.pause
        _ = machine?.receive(step.bytes, from: step.source, on: step.port, at: now)
        guard count.isMultiple(of: 4096), let machine else { return }
        require(machine.reception.remembered <= 16384, "\(machine.reception.remembered) machines are remembered")
        require(machine.pool.queued <= 2 * machine.pool.remembered + 66, "\(machine.pool.queued) expiries are queued")
    }
}
