public import BootMachine
public import BootProtocols

/// The daemon's memory of all nodes: a pure value that takes events and says what to write.
///
/// One attempt a node is held, its newest. Nothing here grows with what an unknown host sends: a MAC enters only
/// by policy, with its first boot packet.
public struct NodeBook: Sendable {
    private var nodes: [MACAddress: NodeRecord] = [:]
    /// Nodes by name.
    private var names: [String: MACAddress] = [:]
    /// All nodes in the order of their names; nil where that has changed.
    private var order: [MACAddress]?
    private var addressed: [AddressedNode]?
    /// The further interfaces of nodes, and whose they are.
    private var owners: [MACAddress: MACAddress] = [:]
    public private(set) var groups: GroupTree
    /// Of the attempts that something was heard of since the start.
    public private(set) var progress: [MACAddress: BootProgress] = [:]
    private var attempts: [MACAddress: Attempt] = [:]
    private var attempters: [Int64: MACAddress] = [:]
    private var lastAttempt: Int64
    private var nextNumber = 1
    private var unapproved = 0
    private var refusals = RecentRefusals()
    /// What the last check-in of a node said and was told, as a hash.
    private var checkIns: [MACAddress: Int] = [:]
    private let unknown: UnknownNodePolicy
    private let template: NameTemplate

    /// Machines that policy let in by itself, at most: whoever invents MACs must not fill the registry.
    private static let unapprovedLimit = 4096

    /// A second DISCOVER this soon after the first, in milliseconds, is the same boot: firmware repeats it after
    /// 4, 8 and 16 s.
    private static let retransmission: Int64 = 30_000

    public init(_ snapshot: Snapshot, unknown: UnknownNodePolicy, template: NameTemplate = NameTemplate()) {
        self.unknown = unknown
        self.template = template
        lastAttempt = snapshot.lastAttempt
        for attempt in snapshot.attempts {
            attempts[attempt.node] = attempt
            attempters[attempt.id] = attempt.node
        }
        groups = GroupTree(snapshot.groups)
        replaceNodes(snapshot.nodes, groups: snapshot.groups)
    }

    /// Takes over nodes and groups as another process left them.
    public mutating func replaceNodes(_ records: [NodeRecord], groups: [NodeGroup]) {
        let states = nodes.mapValues(\.state)
        nodes = Dictionary(
            records.map { record in
                (
                    record.node.mac,
                    NodeRecord(
                        node: record.node, state: states[record.node.mac] ?? record.state, install: record.install)
                )
            }, uniquingKeysWith: { first, _ in first })
        self.groups = GroupTree(groups)
        recount()
    }

    /// Takes over what an admin has changed and what is on stable storage.
    public mutating func adopt(_ edits: [RegistryEdit], version: Int64) {
        var all = Dictionary(groups.all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        // Names may pass from one node to another: all that was goes before all that is.
        for (before, after) in edits.compactMap(\.node) {
            if before?.name != after?.name || before?.mac != after?.mac { order = nil }
            if before.flatMap(AddressedNode.init) != after.flatMap(AddressedNode.init) { addressed = nil }
            if let before { unlist(before) }
        }
        for edit in edits {
            switch edit {
            case .node(let before, let after): adopt(from: before, to: after, version: version)
            case .install(let before, let after, let decision):
                adopt(from: before, to: after, version: version)
                adopt(decision.order, of: after.mac)
            case .group(let before, let after):
                if let before { all[before.name] = nil }
                if var after {
                    after.version = version
                    all[after.name] = after
                }
            }
        }
        groups = GroupTree(Array(all.values))
    }

    private mutating func adopt(from before: Node?, to after: Node?, version: Int64) {
        if let before, after?.mac != before.mac { nodes[before.mac] = nil }
        guard var after else { return }
        after.version = version
        let old = nodes[after.mac]
        let state = old?.state ?? (after.approved ? .registered : .new)
        nodes[after.mac] = NodeRecord(node: after, state: state, install: old?.install)
        list(after)
    }

    /// Takes a node out of all that is looked up otherwise than by its first MAC address.
    private mutating func unlist(_ node: Node) {
        if !node.approved { unapproved -= 1 }
        for interface in node.interfaces { owners[interface.mac] = nil }
        if names[node.name] == node.mac { names[node.name] = nil }
    }

    private mutating func list(_ node: Node) {
        if !node.approved { unapproved += 1 }
        for interface in node.interfaces { owners[interface.mac] = node.mac }
        names[node.name] = node.mac
    }

    /// Takes over what versions the store has given to nodes that the boot plane changed: an admin's next edit is held
    /// against them.
    mutating func adopt(_ versions: [MACAddress: Int64]) {
        for (mac, version) in versions { nodes[mac]?.node.version = version }
    }

    /// All that is looked up otherwise than by a node's first MAC address, anew.
    private mutating func recount() {
        (names, owners, unapproved, order, addressed) = ([:], [:], 0, nil, nil)
        names.reserveCapacity(nodes.count)
        for record in nodes.values { list(record.node) }
    }

    /// The newest attempt of each node.
    public var newestAttempts: [MACAddress: Attempt] { attempts }

    /// The nodes, by name. To sort 100,000 takes longer than all else of a look at them, so the order is kept.
    public mutating func records() -> [NodeRecord] {
        let order = order ?? nodes.values.map { ($0.node.name, $0.node.mac) }.sorted { $0.0 < $1.0 }.map(\.1)
        self.order = order
        return order.compactMap { nodes[$0] }
    }

    func nodeRate(of mac: MACAddress) -> Int64? {
        nodes[primary(of: mac)].flatMap { groups.nodeRate(of: $0.node) }
    }

    /// What a node boots on the attempt that runs: what its next boot says, which is used up by that if it was for
    /// once. Nil: what its settings say.
    public mutating func decideBoot(of mac: MACAddress) -> (boot: NextBoot?, changes: [Change]) {
        let mac = primary(of: mac)
        guard var attempt = attempts[mac] else { return (nil, []) }
        if let boot = attempt.boot { return (boot, []) }
        guard let node = nodes[mac]?.node else { return (nil, []) }
        // A node that boots its disk by its settings does so always.
        // An install that was asked for comes first.
        let isLocal =
            groups.settings(of: node, server: NodeSettings()).provider?.value == .local
            && nodes[mac]?.install?.isDue != true
        guard let boot = node.nextBoot ?? (isLocal ? NextBoot(.local, .always) : nil) else { return (nil, []) }
        attempt.boot = boot
        attempts[mac] = attempt
        guard boot.duration == .once else { return (boot, [.attempt(attempt)]) }
        nodes[mac]?.node.nextBoot = nil
        let changes = [.attempt(attempt), .useUp(boot, of: mac)] + (boot.target == .install ? askInstall(mac) : [])
        return (boot, changes)
    }

    /// One more install of a node at the time of its attempt, unless one is to come anyway.
    private mutating func askInstall(_ mac: MACAddress) -> [Change] {
        guard let time = attempts[mac]?.began, nodes[mac]?.install?.isDue != true else { return [] }
        adopt(.ask(at: time, InstallWishes()), of: mac)
        return [.askInstall(mac, at: time)]
    }

    private mutating func adopt(_ order: InstallDecision.Order, of mac: MACAddress) {
        guard case .ask(let time, let wishes) = order else {
            nodes[mac]?.install = nil
            return
        }
        var install = nodes[mac]?.install ?? InstallState(desired: 0, requested: time)
        install.desired += 1
        install.requested = time
        install.wishes = wishes
        nodes[mac]?.install = install
    }

    /// The first MAC address of the node that `mac` belongs to; itself where it is no node's.
    public func primary(of mac: MACAddress) -> MACAddress { owners[mac] ?? mac }

    /// The nodes that have an address of their own, by name; the same array until one of them changes.
    public mutating func nodesWithAddress() -> [AddressedNode] {
        let found = addressed ?? nodes.values.compactMap { AddressedNode($0.node) }.sorted { $0.name < $1.name }
        addressed = found
        return found
    }

    public func record(of mac: MACAddress) -> NodeRecord? { nodes[primary(of: mac)] }

    /// The node with this name.
    public func record(called name: String) -> NodeRecord? { names[name].flatMap { nodes[$0] } }

    public func attempt(of mac: MACAddress) -> Attempt? { attempts[primary(of: mac)] }

    public func attempt(_ id: Int64) -> Attempt? { attempters[id].flatMap { attempts[$0] } }

    /// True if policy gives this MAC a boot program.
    public func isServed(_ mac: MACAddress) -> Bool {
        guard let record = record(of: mac) else { return unknown != .ignore }
        return record.node.enabled
    }

    /// What `event` changes. `poweredOn`: when somebody recorded that this machine was switched on, if lately.
    public mutating func receive(_ event: BootEvent, poweredOn: Int64? = nil) -> [Change] {
        var event = event
        event.node = primary(of: event.node)
        event.detail = String(printable: event.detail, longest: 1000)
        var changes: [Change] = []
        if Transition.beginsAttempt(event.kind) {
            if isRetransmission(event, poweredOn: poweredOn) { return [] }
            if nodes[event.node] == nil {
                guard let node = admit(event.node) else { return [] }
                changes.append(.node(node))
            }
            changes += begin(event, poweredOn: poweredOn)
        }
        if event.kind == .refused, !refusals.isNew(event) { return [] }
        return changes + follow(event)
    }

    /// A new attempt for a node whose boot program came without a DISCOVER that we saw.
    public mutating func beginUnseen(_ mac: MACAddress, at time: Int64) -> [Change] {
        let mac = primary(of: mac)
        guard nodes[mac] != nil else { return [] }
        return begin(BootEvent(node: mac, kind: .discovered, at: time), poweredOn: nil)
    }

    /// Changes an attempt's own fields, tokens above all.
    public mutating func update(_ id: Int64, _ body: (inout Attempt) -> Void) -> [Change] {
        guard let mac = attempters[id], var attempt = attempts[mac] else { return [] }
        body(&attempt)
        attempts[mac] = attempt
        return [.attempt(attempt)]
    }

    /// Changes what is known of a node's install, if it has one.
    public mutating func updateInstall(_ mac: MACAddress, _ body: (inout InstallState) -> Void) -> [Change] {
        guard var install = nodes[mac]?.install else { return [] }
        body(&install)
        nodes[mac]?.install = install
        return [.install(mac, install)]
    }

    /// The events that time alone brings: states that lasted longer than their limit.
    public func overdue(at time: Int64) -> [BootEvent] {
        attempts.values.compactMap { attempt in
            // Nobody reports from a disk of the node's own, or from a test of its memory.
            if let target = attempt.boot?.target, [.local, .memtest].contains(target) { return nil }
            guard let limit = Transition.limit(of: attempt.state), time - attempt.lastSeen > limit else { return nil }
            return BootEvent(
                node: attempt.node, kind: Transition.timeout(in: attempt.state), at: time,
                detail: "nothing heard for \((time - attempt.lastSeen) / 1000) s in state \(attempt.state.rawValue)")
        }
    }

    // MARK: - Steps

    private func isRetransmission(_ event: BootEvent, poweredOn: Int64?) -> Bool {
        guard let attempt = attempts[event.node] else { return false }
        if let poweredOn, poweredOn > attempt.began { return false }
        return [.new, .registered, .netboot].contains(attempt.state) && event.at - attempt.began < Self.retransmission
    }

    private mutating func admit(_ mac: MACAddress) -> Node? {
        let node: Node
        switch unknown {
        case .ignore: return nil
        case .quarantine:
            guard unapproved < Self.unapprovedLimit else { return nil }
            unapproved += 1
            node = Node(mac: mac, name: "unknown-\(mac.joined(by: ""))", approved: false)
        case .register:
            while names[template.name(nextNumber)] != nil { nextNumber += 1 }
            node = Node(mac: mac, name: template.name(nextNumber))
        }
        nodes[mac] = NodeRecord(node: node, state: node.approved ? .registered : .new)
        names[node.name] = mac
        order = nil
        return node
    }

    private mutating func begin(_ event: BootEvent, poweredOn: Int64?) -> [Change] {
        if let previous = attempts[event.node] { attempters[previous.id] = nil }
        lastAttempt += 1
        // A machine in quarantine is new at each power-on, however far it got before.
        let state: NodeState = nodes[event.node]?.node.approved == false ? .new : .registered
        let attempt = Attempt(
            id: lastAttempt, node: event.node, began: event.at, zero: poweredOn ?? event.at, state: state)
        attempts[event.node] = attempt
        attempters[attempt.id] = event.node
        var changes: [Change] = [.attempt(attempt)]
        if let poweredOn { changes.append(.adoptPowerOn(node: event.node, attempt: attempt.id, since: poweredOn)) }
        return changes
    }

    /// Moves the attempt on, if the table says so, and keeps the event.
    private mutating func follow(_ event: BootEvent) -> [Change] {
        guard var attempt = attempts[event.node] else {
            guard nodes[event.node] != nil || event.kind == .refused else { return [] }
            return [.event(RecordedEvent(event: event, attempt: nil, state: nodes[event.node]?.state ?? .new))]
        }
        attempt.lastSeen = max(attempt.lastSeen, event.at)
        if event.kind != .heartbeat { progress[event.node] = BootProgress(event) }
        let next = Transition.next(from: attempt.state, on: event.kind)
        if let next, next != attempt.state {
            attempt.state = next
            attempt.failure = next == .failed ? event.detail : nil
        }
        let moved = attempts[event.node]?.state != attempt.state
        attempts[event.node] = attempt
        nodes[event.node]?.state = attempt.state
        var changes: [Change] = moved ? [.attempt(attempt)] : []
        let isNews = isNews(event)
        if moved || isNews {
            changes.append(.event(RecordedEvent(event: event, attempt: attempt.id, state: attempt.state)))
        }
        return changes
    }
}

extension NodeBook {
    /// A heartbeat, or a node in quarantine that asks again for its plan and is told the same, is no line of its own.
    private mutating func isNews(_ event: BootEvent) -> Bool {
        switch event.kind {
        case .heartbeat: return false
        case .checkedIn:
            let said = event.detail.hashValue
            return checkIns.updateValue(said, forKey: event.node) != said
        default: return true
        }
    }
}

/// Keeps a client that asks for the same refused thing again and again from filling the registry.
private struct RecentRefusals: Sendable {
    private struct Key: Hashable {
        let node: MACAddress
        let detail: String
    }

    private var last: [Key: Int64] = [:]
    /// Milliseconds for which a repeated refusal is not recorded again.
    private static let quiet: Int64 = 30_000
    private static let capacity = 4096

    mutating func isNew(_ event: BootEvent) -> Bool {
        let key = Key(node: event.node, detail: event.detail)
        if let time = last[key], event.at - time < Self.quiet { return false }
        if last.count >= Self.capacity { last.removeAll(keepingCapacity: true) }
        last[key] = event.at
        return true
    }
}
