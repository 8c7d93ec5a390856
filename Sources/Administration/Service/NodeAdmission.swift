import BootProtocols
import Registry

/// Looks at nodes that shall be added, all of them, and collects everything that stands in the way.
struct NodeAdmission {
    private(set) var problems: [(line: Int, text: String)] = []
    private(set) var admitted: [Node] = []
    private var names: [String: Node]
    private var macs: [MACAddress: Node] = [:]
    private var addresses: [IPv4Address: Node] = [:]
    private let keepExisting: Bool

    init(existing: [Node], keepExisting: Bool) {
        self.keepExisting = keepExisting
        names = Dictionary(existing.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for node in existing { note(node) }
    }

    private mutating func note(_ node: Node) {
        names[node.name] = node
        for mac in node.macs { macs[mac] = node }
        for address in node.addresses { addresses[address] = node }
    }

    mutating func refuse(_ line: Int, _ text: String) { problems.append((line, text)) }

    /// The node that a draft describes. Nil where it describes none, which is a problem, or one that is there already.
    mutating func read(_ draft: NodeDraft, line: Int) -> Node? {
        do throws(InvalidValue) {
            var node = Node(mac: try .validated(draft.mac), name: try NodeName.validated(draft.name))
            if keepExisting, let there = macs[node.mac], there.name == node.name { return nil }
            try node.set(draft.fields)
            return node
        } catch {
            refuse(line, "\(error)")
            return nil
        }
    }

    /// Takes a node in, unless somebody has its name or one of its addresses.
    mutating func take(_ node: Node, line: Int) {
        let before = problems.count
        if let other = names[node.name] {
            refuse(line, "there is a node \(node.name) already, with \(other.mac)")
        }
        for mac in node.macs {
            if let other = macs[mac] { refuse(line, "\(node.name): \(mac) is the node \(other.name) already") }
        }
        for address in node.addresses {
            if let other = addresses[address] { refuse(line, "\(node.name): \(address) is \(other.name)'s already") }
        }
        guard problems.count == before else { return }
        note(node)
        admitted.append(node)
    }
}

extension Node {
    /// Every address that DHCP keeps for it.
    var addresses: [IPv4Address] { ([address] + interfaces.map(\.address)).compactMap { $0 } }
}
