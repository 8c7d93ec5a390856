import BootMachine
import Registry

/// The actions for a batch of messages, sorted by whether they wait for the disk.
///
/// All leases of a batch are committed at once, one fsync for many machines. Offers leave before it, since no
/// lease stands behind them.
struct DHCPBatch {
    /// What the machine counts of `commits` up to here.
    var commits: UInt64 = 0
    /// What waits for nothing.
    private(set) var immediate: [DHCPAction] = []
    /// What is to be committed before the rest may happen.
    private(set) var leases: [Lease] = []
    private var waiting: [(lease: Lease, actions: [DHCPAction])] = []

    /// Adds what the machine made of one message.
    mutating func add(_ actions: [DHCPAction]) {
        // Most messages are answered at once, by one action or two.
        guard actions.contains(where: \.isCommit) else {
            immediate.append(contentsOf: actions)
            return
        }
        var lease: Lease?
        var afterwards: [DHCPAction] = []
        for action in actions {
            switch (action, lease) {
            case (.commit(let committed), _):
                leases.append(committed)
                lease = committed
            case (_, nil): immediate.append(action)
            case (_, _?): afterwards.append(action)
            }
        }
        if let lease { waiting.append((lease, afterwards)) }
    }

    /// What is left to do once `leases` are on stable storage.
    var afterCommit: [DHCPAction] { waiting.flatMap(\.actions) }

    /// What is left to do if they could not be stored: no ACK leaves; each machine's timeline has the reason, and
    /// its client asks again.
    func afterFailedCommit(_ reason: String, at now: Int64) -> [DHCPAction] {
        waiting.map { lease, _ in
            .record(
                BootEvent(
                    node: lease.mac, kind: .refused, at: now, transport: .dhcp,
                    detail: "no DHCPACK for \(lease.address): its lease could not be stored: \(reason)"))
        }
    }
}

extension DHCPAction {
    fileprivate var isCommit: Bool {
        if case .commit = self { true } else { false }
    }
}
