import BootProtocols
import NodeLists
public import PowerControl
public import Registry

/// The registry as admins read and change it. The daemon has one over its ledger, so that the boot plane knows at once;
/// a command without a daemon has one over the database. Nothing is possible in one and not in the other.
public struct RegistryService: Sendable {
    let store: any Store
    /// What is in no node and no group.
    public let server: NodeSettings
    let ledger: BootLedger?
    /// Passwords of BMCs; nil where nobody asks for power.
    let secrets: PowerSecrets?
    /// Why text is no capsule; nil: it is one.
    let capsuleProblem: @Sendable (String) -> String?
    /// Why nodes cannot have the addresses that they have, as far as the settings of DHCP say.
    let addressProblem: @Sendable ([Node]) -> String?
    /// Why there is no such capsule now; nil: there is one.
    let capsuleAbsence: @Sendable (String) -> String?
    /// What a node's disks are to look like, in words, by its name, its groups and a capsule; throws why nobody knows.
    let layout: @Sendable (_ node: String, _ groups: [String], _ capsule: String) throws -> String
    /// Where work for running nodes lies; nil: nowhere.
    let workPlace: WorkDesk?
    /// Points a channel at a generation, and says what it did.
    let channels: ChannelDesk?

    /// - Parameter ledger: of the daemon that this runs in.
    public init(
        store: any Store, ledger: BootLedger?, server: NodeSettings, secrets: PowerSecrets? = nil,
        capsuleProblem: @escaping @Sendable (String) -> String? = { _ in nil },
        addressProblem: @escaping @Sendable ([Node]) -> String? = { _ in nil },
        capsuleAbsence: @escaping @Sendable (String) -> String? = { _ in nil },
        layout: @escaping @Sendable (String, [String], String) throws -> String = { node, _, _ in
            throw AdminProblem.notFound("no disk layout is known here, for \(node) or others")
        }, work: WorkDesk? = nil, channels: ChannelDesk? = nil
    ) {
        self.store = store
        self.ledger = ledger
        self.server = server
        self.secrets = secrets
        self.capsuleProblem = capsuleProblem
        self.addressProblem = addressProblem
        self.capsuleAbsence = capsuleAbsence
        self.layout = layout
        workPlace = work
        self.channels = channels
    }

    // MARK: - Reading

    /// All nodes, by name, and all groups.
    func census() throws(AdminProblem) -> (records: [NodeRecord], groups: GroupTree) {
        if let ledger { return ledger.census }
        return try registry { () throws(RegistryError) in (try store.nodes(), GroupTree(try store.groups())) }
    }

    /// The nodes that `words` mean, by name; all where there is none.
    public func nodes(_ words: [String]) throws(AdminProblem) -> [NodeRecord] {
        let (records, groups) = try census()
        return try select(records, groups, words)
    }

    /// The nodes as JSON, each as `NodeResource` has it, by name: a page of at most `limit` of them, which begins behind
    /// the name `after`.
    func json(_ words: [String], after: String?, limit: Int?) throws(AdminProblem) -> [UInt8] {
        let (records, groups) = try census()
        var selected = try select(records, groups, words)[...]
        if let after { selected = selected.drop { $0.node.name <= after } }
        if let limit { selected = selected.prefix(limit) }
        let addresses = try currentAddresses()
        let macs = selected.map(\.node.mac)
        let inventories = try registry { () throws(RegistryError) in try store.inventoryTexts(of: macs) }
        var text = NodeJSON(groups: groups, server: server, expecting: selected.count)
        for record in selected {
            let node = record.node
            let lease = addresses[node.mac] ?? node.interfaces.lazy.compactMap { addresses[$0.mac] }.first
            text.add(record, lease: lease, inventory: inventories[node.mac])
        }
        text.end()
        return text.bytes
    }

    /// The node with this name or MAC address.
    public func node(called text: String) throws(AdminProblem) -> NodeRecord {
        let mac = MACAddress(text)
        let found =
            if let ledger {
                mac.flatMap { ledger.record(of: $0) } ?? ledger.record(called: text)
            } else {
                try census().records.first { $0.node.name == text || mac.map($0.node.macs.contains) == true }
            }
        guard let found else {
            throw .notFound("there is no node `\(text)`; `perseid node list` shows those that exist")
        }
        return found
    }

    /// Who holds a lease now.
    func currentAddresses() throws(AdminProblem) -> [MACAddress: IPv4Address] {
        Dictionary(try leases().map { ($0.mac, $0.address) }, uniquingKeysWith: { first, _ in first })
    }

    /// The last lease on each address.
    func leases() throws(AdminProblem) -> [Lease] {
        if let ledger { return ledger.leases }
        return try registry { () throws(RegistryError) in try store.leases() }
    }

    // MARK: - Problems

    /// Puts what the registry says into the words of the API.
    func registry<Value>(_ body: () throws(RegistryError) -> Value) throws(AdminProblem) -> Value {
        do throws(RegistryError) {
            return try body()
        } catch {
            switch error {
            // What is twice was looked for before: it has come since.
            case .changedMeanwhile, .duplicate: throw .changedMeanwhile("\(error)")
            case .cycle, .noSuchGroup: throw .conflict("\(error)")
            case .cannotOpen, .damaged, .newerVersion, .failed: throw .failed("\(error)")
            }
        }
    }
}
