public import BootMachine
public import BootProtocols

/// Where the registry is kept. SQLite today; the interface is all that the rest of Perseid knows of it.
///
/// Every method may be called from any thread. Reads never wait for writes.
public protocol Store: Sendable {
    /// All that the daemon holds in memory. Attempts: the newest of each node.
    func load() throws(RegistryError) -> Snapshot

    /// Carries out all changes or none; they are on stable storage when it returns.
    /// - Returns: the versions that nodes have got by it; of most changes, none.
    @discardableResult
    func write(_ changes: [Change]) throws(RegistryError) -> [MACAddress: Int64]

    /// Keeps leases in their order, a later one of a machine or on an address in place of the one before; they are on
    /// stable storage when it returns. Does not wait for a `write` that is under way. One process at a time may call it.
    func hold(_ leases: [Lease]) throws(RegistryError)

    /// The last lease on each address, those that are over too.
    func leases() throws(RegistryError) -> [Lease]

    /// Does what `hold` put off; to be called about once a second.
    func tidy() throws(RegistryError)

    /// Removes the oldest events that happened before `time`, at most `limit` of them, and says how many those were. To
    /// be called until it says none, with pauses: no other writer waits for more than one call.
    func forget(eventsBefore time: Int64, limit: Int) throws(RegistryError) -> Int

    /// Grows whenever another process has written: the cue to read the nodes again.
    func foreignChanges() throws(RegistryError) -> Int64

    /// By name.
    func nodes() throws(RegistryError) -> [NodeRecord]

    /// By name.
    func groups() throws(RegistryError) -> [NodeGroup]

    /// Carries out all edits or none, and keeps in the history who made them; on stable storage when it returns.
    /// - Returns: the number of the change, which is the version of all that it wrote.
    /// - Throws: `changedMeanwhile` if one of them was made on another version than the one that is there.
    func edit(_ edits: [RegistryEdit], note: ChangeNote) throws(RegistryError) -> Int64

    /// The newest changes, newest first: all, or those of one node or group.
    func history(of subject: HistorySubject?, limit: Int) throws(RegistryError) -> [RecordedChange]

    /// What one change did to each node and group; nil if there is no change of this number.
    func change(_ number: Int64) throws(RegistryError) -> RecordedChange?

    /// The newest attempts of a node, newest first.
    func attempts(of node: MACAddress, limit: Int) throws(RegistryError) -> [Attempt]

    /// The events of one attempt in the order in which they happened.
    func timeline(of attempt: Int64) throws(RegistryError) -> [RecordedEvent]

    /// What machines said of themselves last, by their first MAC address; nil: all of them.
    func inventories(of nodes: [MACAddress]?) throws(RegistryError) -> [MACAddress: StoredInventory]

    /// The same as JSON text, as it is stored.
    func inventoryTexts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: InventoryText]

    /// When each of these nodes began its first attempt, and that attempt's number.
    func firstAttempts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: FirstAttempt]

    /// Events that belong to no attempt, newest first.
    func strayEvents(of node: MACAddress, since: Int64) throws(RegistryError) -> [BootEvent]
}

/// What a machine said of itself, as JSON.
public struct InventoryText: Hashable, Sendable {
    public var json: String
    /// Milliseconds since 1970.
    public var at: Int64

    public init(json: String, at: Int64) {
        self.json = json
        self.at = at
    }
}

/// What a machine said of itself.
public struct StoredInventory: Hashable, Sendable {
    public var inventory: Inventory
    /// Milliseconds since 1970.
    public var at: Int64

    public init(inventory: Inventory, at: Int64) {
        self.inventory = inventory
        self.at = at
    }
}

/// When a machine was first heard of.
public struct FirstAttempt: Hashable, Sendable {
    public var id: Int64
    /// Milliseconds since 1970.
    public var began: Int64

    public init(id: Int64, began: Int64) {
        self.id = id
        self.began = began
    }
}

/// A node with where it is.
public struct NodeRecord: Hashable, Sendable {
    public var node: Node
    public var state: NodeState
    /// Nil for a node that boots from the network.
    public var install: InstallState?

    public init(node: Node, state: NodeState, install: InstallState? = nil) {
        self.node = node
        self.state = state
        self.install = install
    }
}

/// What the daemon starts from.
public struct Snapshot: Sendable {
    public var nodes: [NodeRecord]
    public var groups: [NodeGroup]
    public var leases: [Lease]
    public var attempts: [Attempt]
    /// The highest attempt number ever given.
    public var lastAttempt: Int64

    public init(
        nodes: [NodeRecord], groups: [NodeGroup] = [], leases: [Lease], attempts: [Attempt], lastAttempt: Int64
    ) {
        self.nodes = nodes
        self.groups = groups
        self.leases = leases
        self.attempts = attempts
        self.lastAttempt = lastAttempt
    }
}

/// One write. Several make one transaction.
public enum Change: Hashable, Sendable {
    /// Adds or replaces the node, whatever version it has; its state is left alone.
    case node(Node)
    case removeNode(MACAddress)
    /// Takes back what a node was to boot once, if that is still the same.
    case useUp(NextBoot, of: MACAddress)
    /// The generation that was installed to a node's disk.
    case achieved(String, by: MACAddress)
    /// Adds or replaces the attempt, and makes its state the node's.
    case attempt(Attempt)
    case event(RecordedEvent)
    /// What a machine says of itself, in place of what it said before; what it cannot see now is kept.
    case inventory(Inventory, of: MACAddress, at: Int64)
    /// What is known of a machine's parts has changed.
    case hardware(Hardware, of: MACAddress, at: Int64)
    /// One more install of this node is asked for, at a time in milliseconds since 1970.
    case askInstall(MACAddress, at: Int64, InstallWishes = InstallWishes())
    /// What is known of a node's install beside `desired` and `wishes`, which only `askInstall` changes.
    case install(MACAddress, InstallState)
    /// The node boots from the network again; its disk is left alone.
    case forgetInstall(MACAddress)
    /// Moves the power-on events of a node, not older than `since`, into its attempt.
    case adoptPowerOn(node: MACAddress, attempt: Int64, since: Int64)

    /// True if what `Store.nodes` says changes by it.
    var isOfNode: Bool {
        switch self {
        case .node, .removeNode, .useUp, .achieved, .askInstall, .install, .forgetInstall: true
        case .attempt, .event, .inventory, .hardware, .adoptPowerOn: false
        }
    }
}
