public import BootMachine
public import BootProtocols
import Synchronization

/// The one place where events become states: in memory at once, on stable storage in groups.
///
/// All threads of the daemon share it. `record` never waits for the disk; `commit` waits for its leases and `flush`
/// for all events that are pending, so that one fsync serves many.
public final class BootLedger: Sendable {
    private struct State: Sendable {
        var book: NodeBook
        var leases: [IPv4Address: Lease]
        var observed = ObservedAddresses()
        var pending: [Change] = []
        /// Kept events that the observer has not heard of.
        var unannounced: [RecordedEvent] = []
        var foreignChanges: Int64 = 0
        /// Of what each machine said of itself last: what is the same is not written again.
        var inventories: [MACAddress: Int] = [:]
        var reportedFailure = false
    }

    private let store: any Store
    private let observer: @Sendable (RecordedEvent) -> Void
    private let neighbour: @Sendable (IPv4Address) -> MACAddress?
    private let state: Mutex<State>
    /// Held over taking what is pending and writing it: groups reach the disk in order.
    private let writing = Mutex<Void>(())
    /// Held while an admin's change is made, from the look to the write, and while the nodes are read again: what is
    /// read then is not older than what an admin has just written.
    private let editing = Mutex<Void>(())
    private let wake: AsyncStream<Void>.Continuation
    private let wakes: AsyncStream<Void>
    /// How far back a power-on belongs to the attempt that begins now, in milliseconds.
    private static let powerOnWindow: Int64 = 600_000
    /// How many changes may wait while the disk refuses them; beyond it the oldest are given up.
    private static let pendingLimit = 100_000

    /// - Parameters:
    ///   - observer: hears of each event that is kept, in order, on the thread that writes: a line of a log takes
    ///     longer than the answer to a packet.
    ///   - neighbour: the MAC of whoever is at an address that no lease is known for, where leases are not ours.
    public init(
        store: any Store, snapshot: Snapshot, unknown: UnknownNodePolicy, template: NameTemplate = NameTemplate(),
        observer: @escaping @Sendable (RecordedEvent) -> Void = { _ in },
        neighbour: @escaping @Sendable (IPv4Address) -> MACAddress? = { _ in nil }
    ) {
        self.store = store
        self.observer = observer
        self.neighbour = neighbour
        let leases = Dictionary(
            snapshot.leases.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State(book: NodeBook(snapshot, unknown: unknown, template: template), leases: leases))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: - Questions

    public func record(of mac: MACAddress) -> NodeRecord? { state.withLock { $0.book.record(of: mac) } }

    /// The first MAC address of the node that `mac` belongs to; itself where it is no node's.
    public func primary(of mac: MACAddress) -> MACAddress { state.withLock { $0.book.primary(of: mac) } }

    /// The nodes that have an address of their own.
    public func nodesWithAddress() -> [AddressedNode] { state.withLock { $0.book.nodesWithAddress() } }

    /// The node with this name.
    public func record(called name: String) -> NodeRecord? { state.withLock { $0.book.record(called: name) } }

    public func isServed(_ mac: MACAddress) -> Bool { state.withLock { $0.book.isServed(mac) } }

    public func attempt(of mac: MACAddress) -> Attempt? { state.withLock { $0.book.attempt(of: mac) } }

    /// The machine that holds a lease on `address`, or was seen to use it where another server gives addresses.
    public func machine(at address: IPv4Address) -> MACAddress? {
        state.withLock { $0.observed.machine(at: address) ?? $0.leases[address]?.mac } ?? neighbour(address)
    }

    /// The last lease on `address`; it may be over.
    public func lease(on address: IPv4Address) -> Lease? { state.withLock { $0.leases[address] } }

    /// The last lease on each address, those that are over too, in no order.
    public var leases: [Lease] { state.withLock { Array($0.leases.values) } }

    /// Takes note of an address that another DHCP server gave to a node.
    public func observe(_ address: IPv4Address, of node: MACAddress) {
        state.withLock { state in
            guard state.book.record(of: node) != nil else { return }
            state.observed.note(address, of: node)
        }
    }

    /// The nodes that hold a lease, by address.
    public func hosts() -> [(name: String, address: IPv4Address)] {
        state.withLock { state in
            state.leases.compactMap { address, lease in
                state.book.record(of: lease.mac).map { ($0.node.name, address) }
            }
        }.sorted { $0.address.value < $1.address.value }
    }

    // MARK: - Events

    public func record(_ event: BootEvent) {
        let poweredOn = Transition.beginsAttempt(event.kind) ? powerOn(before: event) : nil
        let changes = state.withLock { state in
            let changes = state.book.receive(event, poweredOn: poweredOn)
            state.pending += changes
            if state.unannounced.count < Self.pendingLimit {
                for case .event(let recorded) in changes { state.unannounced.append(recorded) }
            }
            return changes
        }
        if !changes.isEmpty { wake.yield() }
    }

    /// Changes the book; what is to be written of it waits for the next group, all of it together.
    func change(_ body: (inout NodeBook) -> [Change]) {
        let changes = state.withLock { state in
            let changes = body(&state.book)
            state.pending += changes
            for case .event(let recorded) in changes where state.unannounced.count < Self.pendingLimit {
                state.unannounced.append(recorded)
            }
            return changes
        }
        if !changes.isEmpty { wake.yield() }
    }

    /// Keeps leases; on stable storage when it returns. Waits for no event: a storm has thousands of those.
    public func commit(_ leases: [Lease]) throws(RegistryError) {
        try store.hold(leases)
        state.withLock { state in
            for lease in leases { state.leases[lease.address] = lease }
        }
    }

    /// Keeps what a node says of itself, if it is news. Nobody waits for the disk.
    public func take(_ inventory: Inventory, of node: MACAddress, at time: Int64) {
        var inventory = inventory.bounded
        // Another one at each boot.
        let uptime = inventory.uptimeMilliseconds
        inventory.uptimeMilliseconds = 0
        let digest = inventory.hashValue
        inventory.uptimeMilliseconds = uptime
        state.withLock { state in
            guard state.inventories[node] != digest else { return }
            state.inventories[node] = digest
            state.pending.append(.inventory(inventory, of: node, at: time))
        }
        wake.yield()
    }

    /// Keeps what has become known of a node's parts since its check-in.
    public func take(_ hardware: Hardware, of node: MACAddress, at time: Int64) {
        state.withLock { state in
            state.inventories[node] = nil
            state.pending.append(.hardware(hardware.bounded, of: node, at: time))
        }
        wake.yield()
    }

    /// Records what time alone brings, and reads the nodes again if another process changed them.
    public func tick(at time: Int64) throws(RegistryError) {
        for event in state.withLock({ $0.book.overdue(at: time) }) { record(event) }
        try store.tidy()
        try exclusively { () throws(RegistryError) in try takeForeignChanges() }
    }

    /// Writes groups as they come until the task is cancelled; `report` hears when the disk begins to refuse.
    public func run(report: @Sendable (RegistryError) -> Void) async {
        for await _ in wakes {
            do throws(RegistryError) {
                try flush()
                state.withLock { $0.reportedFailure = false }
            } catch {
                let first = state.withLock { state in
                    defer { state.reportedFailure = true }
                    return !state.reportedFailure
                }
                if first { report(error) }
                try? await Task.sleep(for: .milliseconds(500))
                wake.yield()
            }
        }
    }

    // MARK: - What admins do

    /// Carries out `body` while nobody else changes nodes or groups through this ledger. Not to be nested.
    public func exclusively<Value: Sendable, Problem: Error>(
        _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        let result: Result<Value, Problem> = editing.withLock { _ in
            do throws(Problem) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Reads the nodes and groups again if another process has changed them. Within `exclusively`.
    public func takeForeignChanges() throws(RegistryError) {
        let changes = try store.foreignChanges()
        guard state.withLock({ $0.foreignChanges != changes }) else { return }
        // What the boot plane changes between the look and the taking would be lost: the next turn takes it over.
        for _ in 0..<8 {
            try flush()
            let (nodes, groups) = (try store.nodes(), try store.groups())
            let isTaken = state.withLock { state in
                guard !state.pending.contains(where: \.isOfNode) else { return false }
                state.book.replaceNodes(nodes, groups: groups)
                state.foreignChanges = changes
                return true
            }
            if isTaken { return }
        }
    }

    /// Carries out what an admin wants: on stable storage when it returns, and known to the boot plane.
    /// - Returns: the number of the change.
    public func edit(_ edits: [RegistryEdit], note: ChangeNote) throws(RegistryError) -> Int64 {
        // What happened before is written before: an edit is checked against it.
        try flush()
        let number = try store.edit(edits, note: note)
        state.withLock { $0.book.adopt(edits, version: number) }
        return number
    }

    /// All nodes, by name, and all groups.
    public var census: (records: [NodeRecord], groups: GroupTree) {
        state.withLock { ($0.book.records(), $0.book.groups) }
    }

    /// The newest attempt of each node, and how far those are that something was heard of since the start.
    public var attempts: (newest: [MACAddress: Attempt], progress: [MACAddress: BootProgress]) {
        state.withLock { ($0.book.newestAttempts, $0.book.progress) }
    }

    public var groups: GroupTree { state.withLock { $0.book.groups } }

    /// How fast a node may fetch capsules by its own setting or a group's, in bytes a second.
    public func nodeRate(of mac: MACAddress) -> Int64? { state.withLock { $0.book.nodeRate(of: mac) } }

    /// What a node boots on this attempt instead of what its settings say; decided when it asks the first time, and the
    /// same afterwards. What was for once is used up, in one transaction with the attempt.
    public func decideBoot(of mac: MACAddress) -> NextBoot? {
        let (boot, changes) = state.withLock { state in
            let decision = state.book.decideBoot(of: mac)
            state.pending += decision.changes
            return decision
        }
        if !changes.isEmpty { wake.yield() }
        return boot
    }

    // MARK: - Tokens

    /// A new token for the boot script of `mac`, which replaces the one before. Nil for a MAC that is no node.
    public func issueBootToken(for mac: MACAddress, at time: Int64) -> AttemptToken? {
        state.withLock { state in
            let running = state.book.attempt(of: mac).map { Self.takesBootToken($0.state) } ?? false
            if !running { state.pending += state.book.beginUnseen(mac, at: time) }
            guard let attempt = state.book.attempt(of: mac) else { return nil }
            let token = AttemptToken(attempt: attempt.id)
            state.pending += state.book.update(attempt.id) { $0.bootToken = token.digest }
            return token
        }
    }

    /// The attempt that `token` may check in for: the script's token before the handoff, the agent's at any time.
    public func attemptToCheckIn(with token: AttemptToken) -> Attempt? {
        guard let attempt = state.withLock({ $0.book.attempt(token.attempt) }) else { return nil }
        let digest = token.digest
        if attempt.agentToken == digest { return attempt }
        return attempt.bootToken == digest && Self.takesBootToken(attempt.state) ? attempt : nil
    }

    /// The attempt that `token` may report and fetch for.
    public func attempt(with token: AttemptToken) -> Attempt? {
        guard let attempt = state.withLock({ $0.book.attempt(token.attempt) }), attempt.agentToken == token.digest
        else {
            return nil
        }
        return attempt
    }

    /// The token for the agent of an attempt that checks in with `presented`, and the generation of its plan.
    ///
    /// A new one for the script's token. An agent that has one keeps it: if the answer to this check-in is lost, it
    /// still has a token that counts.
    public func agentToken(
        for attempt: Int64, presented: AttemptToken, capsule: String?
    ) -> AttemptToken {
        let digest = presented.digest
        return state.withLock { state in
            let keeps = state.book.attempt(attempt)?.agentToken == digest
            let token = keeps ? presented : AttemptToken(attempt: attempt)
            state.pending += state.book.update(attempt) { attempt in
                attempt.agentToken = token.digest
                attempt.capsule = capsule
            }
            return token
        }
    }

    /// A node said which generation it runs: another than its plan's after a sync.
    public func setRunning(_ capsule: String, _ attempt: Int64) {
        state.withLock { state in
            guard state.book.attempt(attempt)?.capsule != capsule else { return }
            state.pending += state.book.update(attempt) { $0.capsule = capsule }
        }
    }

    private static func takesBootToken(_ state: NodeState) -> Bool {
        switch state {
        case .new, .registered, .netboot, .loader, .`init`, .provisioning, .failed: true
        case .handoff, .ready, .silent: false
        }
    }

    // MARK: - Writing

    /// Writes what is pending. On failure it stays pending.
    public func flush() throws(RegistryError) {
        let result: Result<Void, RegistryError> = writing.withLock { _ in
            let pending = state.withLock { state in
                defer { state.pending = [] }
                return state.pending
            }
            announce()
            do throws(RegistryError) {
                let versions = try store.write(Self.condensed(pending))
                if !versions.isEmpty { state.withLock { $0.book.adopt(versions) } }
                return .success(())
            } catch {
                state.withLock { $0.pending = (pending + $0.pending).suffix(Self.pendingLimit) }
                return .failure(error)
            }
        }
        try result.get()
    }

    private func announce() {
        let events = state.withLock { state in
            defer { state.unannounced = [] }
            return state.unannounced
        }
        for event in events { observer(event) }
    }

    /// Of an attempt that went through several states since the last write, its last one.
    private static func condensed(_ changes: [Change]) -> [Change] {
        var last: [Int64: Int] = [:]
        for case (let index, .attempt(let attempt)) in changes.enumerated() { last[attempt.id] = index }
        return changes.enumerated().filter { index, change in
            guard case .attempt(let attempt) = change else { return true }
            return last[attempt.id] == index
        }.map(\.element)
    }

    private func powerOn(before event: BootEvent) -> Int64? {
        let events = try? store.strayEvents(of: event.node, since: event.at - Self.powerOnWindow)
        return events?.first { $0.kind == .poweredOn }?.at
    }
}
