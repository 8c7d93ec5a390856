import BootMachine
import BootProtocols
public import Registry

extension RegistryService {
    /// The machines that wait in quarantine, in the order in which they were first heard of.
    public func discovered() throws(AdminProblem) -> [DiscoveryResource] {
        let waiting = try census().records.filter { !$0.node.approved }
        let macs = waiting.map(\.node.mac)
        let (first, inventories) = try registry { () throws(RegistryError) in
            (try store.firstAttempts(of: macs), try store.inventories(of: macs))
        }
        let addresses = try currentAddresses()
        let newest = ledger?.attempts.newest ?? [:]
        return waiting.map { record in
            let mac = record.node.mac
            return DiscoveryResource(
                name: record.node.name, mac: mac.description, state: record.state,
                address: addresses[mac]?.description, arrived: first[mac]?.began, arrival: first[mac]?.id,
                lastSeen: newest[mac]?.lastSeen ?? inventories[mac]?.at, inventory: inventories[mac]?.inventory)
        }.sorted { ($0.arrival ?? .max, $0.name) < ($1.arrival ?? .max, $1.name) }
    }

    /// Gives machines in quarantine their names, and lets them boot: all of them, or where something is in the way, none.
    /// UUID and serial number become the node's as the machine has said them.
    public func assign(_ request: AssignRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        guard !request.assign.isEmpty else { throw .badRequest("say which machine gets which name") }
        let (records, groups) = try census()
        var names = Set(records.map(\.node.name))
        let nodes = Dictionary(records.map { ($0.node.mac, $0.node) }, uniquingKeysWith: { first, _ in first })
        let macs = request.assign.compactMap { MACAddress($0.mac) }
        let inventories = try registry { () throws(RegistryError) in try store.inventories(of: macs) }
        var edits: [RegistryEdit] = []
        for assignment in request.assign {
            let old = try waiting(assignment.mac, nodes)
            var new = try named(old, assignment.name, request.set)
            guard names.insert(new.name).inserted else { throw .conflict("there is a node \(new.name) already") }
            if let problem = problem(of: new, groups, since: old) { throw .badRequest(problem) }
            if let inventory = inventories[old.mac]?.inventory { Self.takeIdentity(inventory, into: &new) }
            edits.append(.node(from: old, to: new))
        }
        return try carryOut(edits, request.options, author)
    }

    private func waiting(_ text: String, _ nodes: [MACAddress: Node]) throws(AdminProblem) -> Node {
        guard let node = MACAddress(text).flatMap({ nodes[$0] }) else {
            throw .notFound("no machine \(text) was heard of; `perseid discover --once` lists those that wait")
        }
        guard !node.approved else { throw .conflict("\(text) is the node \(node.name) already") }
        return node
    }

    private func named(_ old: Node, _ name: String, _ values: [String: String]) throws(AdminProblem) -> Node {
        var new = old
        do throws(InvalidValue) {
            try new.set(values)
            try new.set(.name, to: name)
        } catch {
            throw .badRequest("\(error)")
        }
        new.approved = true
        return new
    }

    /// What the firmware says is no value of a node where it has not the form of one.
    private static func takeIdentity(_ inventory: Inventory, into node: inout Node) {
        if node.uuid == nil { try? node.set(.uuid, to: inventory.uuid) }
        if node.serial == nil { try? node.set(.serial, to: inventory.serial) }
    }
}
