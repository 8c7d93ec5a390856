import Administration
import BootMachine

/// What `perseid discover` knows, from one look to the next. A value without a terminal.
struct DiscoveryBoard {
    /// Those to give yet, in their order.
    private(set) var names: [String]
    private var waiting: [DiscoveryResource] = []
    /// By MAC address, the line that was shown of it last, but for its age.
    private var shown: [String: String] = [:]
    private var handled: Set<String> = []

    init(names: [String]) {
        self.names = names
    }

    /// Takes in who waits at `now`, milliseconds since 1970.
    /// - Returns: a line for each machine that is new, or of which more is known.
    mutating func update(_ found: [DiscoveryResource], at now: Int64) -> [String] {
        var lines: [String] = []
        for machine in found {
            let text = [
                machine.mac, machine.address ?? "-", machine.state.rawValue,
                machine.inventory.map(InventoryLines.summary) ?? "has not checked in yet",
            ].joined(separator: "  ")
            guard shown[machine.mac] != text else { continue }
            shown[machine.mac] = text
            lines.append(text + (machine.arrived.map { "  (\(Age.text(now - $0)) ago)" } ?? ""))
        }
        let there = Set(found.map(\.mac))
        for mac in shown.keys.sorted() where !there.contains(mac) {
            shown[mac] = nil
            if !handled.contains(mac) { lines.append("\(mac)  waits no more") }
            handled.remove(mac)
        }
        waiting = found
        return lines
    }

    /// The machines that wait and the names that they get, in order of arrival; those names are given then.
    mutating func takeNames() -> [(DiscoveryResource, String)] {
        let pairs = Array(zip(waiting.filter { !handled.contains($0.mac) }, names))
        names.removeFirst(pairs.count)
        handled.formUnion(pairs.map(\.0.mac))
        return pairs
    }

    /// The next machine whose name was not asked for yet. Those that have not checked in say too little of themselves.
    mutating func nextToAsk() -> DiscoveryResource? {
        guard let machine = waiting.first(where: { $0.inventory != nil && !handled.contains($0.mac) }) else {
            return nil
        }
        handled.insert(machine.mac)
        return machine
    }

    mutating func askAgain(_ mac: String) { handled.remove(mac) }

    mutating func give(_ name: String) { names.removeAll { $0 == name } }
}
