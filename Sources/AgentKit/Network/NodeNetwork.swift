package import BootProtocols
package import PacketIO

/// The node's way to its server: one interface, up, with an address.
package struct NodeNetwork: Sendable {
    package var interface: NetworkInterface
    package var mac: MACAddress
    package var lease: DHCPLease
    private var renewal: LeaseRenewal

    /// How long to wait, in milliseconds.
    package struct Patience: Sendable {
        /// For a card to show up.
        package var card: Int64 = 20_000
        /// For a carrier: a switch port that negotiates or runs the spanning tree protocol needs up to half a minute.
        package var carrier: Int64 = 45_000
    }

    /// Finds the interface that booted, or without `mac` every one with a carrier, and gets an address on it.
    /// - Parameter coldplug: loads drivers of devices that appeared meanwhile.
    package static func bringUp(
        mac: MACAddress?, console: Console, patience: Patience = Patience(), coldplug: () -> Void
    ) throws(NetworkProblem) -> NodeNetwork {
        let candidates = try waitForCards(mac: mac, console: console, patience, coldplug: coldplug)
        for card in candidates { try switchOn(card.name) }
        var problem: NetworkProblem?
        for card in try waitForCarrier(candidates.map(\.name), console: console, patience) {
            guard let own = card.mac else { continue }
            do throws(NetworkProblem) {
                console.line("\(card.name) (\(own)) has a carrier, asking for an address")
                let lease = try DHCPConversation.acquire(
                    on: card, mac: own, discoverLimit: candidates.count == 1 ? 5 : 2, console: console)
                try apply(lease, to: card.name)
                // The others go back to how the kernel left them: what they are for, the runtime OS knows.
                for other in candidates where other.name != card.name { try? InterfaceSetup.setUp(other.name, false) }
                return NodeNetwork(interface: card, mac: own, lease: lease, renewal: LeaseRenewal(lease))
            } catch {
                problem = error
                if candidates.count > 1 { console.line("\(error)") }
            }
        }
        throw problem ?? .noInterface(mac, seen: candidates.map(\.name))
    }

    /// Asks for the lease again if it is time to; a failure costs nothing but a line.
    package mutating func renewIfDue(console: Console) {
        guard renewal.isDue(at: BootClock.milliseconds()) else { return }
        do throws(NetworkProblem) {
            lease = try DHCPConversation.renew(lease, on: interface, console: console)
            renewal = LeaseRenewal(lease)
        } catch {
            renewal.failed(at: BootClock.milliseconds())
            console.line("lease of \(lease.address) not renewed: \(error)")
        }
    }

    private static func waitForCards(
        mac: MACAddress?, console: Console, _ patience: Patience, coldplug: () -> Void
    ) throws(NetworkProblem) -> [NetworkInterface] {
        let start = BootClock.milliseconds()
        var announced = false
        while true {
            let all = try interfaces()
            let fitting = all.filter { !$0.isLoopback && $0.mac != nil && (mac == nil || $0.mac == mac) }
            if !fitting.isEmpty { return fitting }
            guard BootClock.milliseconds() - start < patience.card else {
                let seen = all.filter { !$0.isLoopback }.map { "\($0.name) \($0.mac?.description ?? "without MAC")" }
                throw .noInterface(mac, seen: seen)
            }
            if !announced, BootClock.milliseconds() - start > 1_000 {
                console.line("waiting for a network card\(mac.map { " with \($0)" } ?? "")")
                announced = true
            }
            BootClock.sleep(milliseconds: 200)
            coldplug()
        }
    }

    /// Those of `names` that have a carrier, as soon as one has it.
    private static func waitForCarrier(
        _ names: [String], console: Console, _ patience: Patience
    ) throws(NetworkProblem) -> [NetworkInterface] {
        let start = BootClock.milliseconds()
        var announced = start
        while true {
            let live = try interfaces().filter { names.contains($0.name) && hasCarrier($0.name) }
            if !live.isEmpty { return live }
            let now = BootClock.milliseconds()
            guard now - start < patience.carrier else { throw .noCarrier(names, seconds: (now - start) / 1000) }
            if now - announced >= 5_000 {
                console.line("waiting for a carrier on \(names.joined(separator: ", ")), \((now - start) / 1000) s")
                announced = now
            }
            BootClock.sleep(milliseconds: 50)
        }
    }

    /// Asked of sysfs: the flag IFF_RUNNING follows the carrier up to a second later (linkwatch).
    private static func hasCarrier(_ name: String) -> Bool {
        SmallFile.text("/sys/class/net/\(name)/carrier") == "1"
    }

    private static func interfaces() throws(NetworkProblem) -> [NetworkInterface] {
        do throws(SystemError) {
            return try NetworkInterface.all()
        } catch {
            throw .system("listing the network cards", error)
        }
    }

    /// The interface as it is now.
    package static func interface(named name: String) throws(NetworkProblem) -> NetworkInterface {
        do throws(SystemError) {
            return try NetworkInterface.named(name)
        } catch {
            throw .system("looking at \(name)", error)
        }
    }

    private static func switchOn(_ name: String) throws(NetworkProblem) {
        do throws(SystemError) {
            try InterfaceSetup.setUp(name, true)
        } catch {
            throw .system("switching \(name) on", error)
        }
    }

    private static func apply(_ lease: DHCPLease, to name: String) throws(NetworkProblem) {
        do throws(SystemError) {
            try InterfaceSetup.apply(lease, to: name)
        } catch {
            throw .system("configuring \(name)", error)
        }
    }
}
