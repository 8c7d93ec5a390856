import BootMachine
import BootProtocols
import Registry
import RegistrySQLite
import Synchronization
import Testing

@Suite struct BootLedgerTests {
    private let mac = MACAddress(value: 0x5254_0012_3456)
    private let start: Int64 = 1_000_000

    private func event(_ kind: BootEvent.Kind, after milliseconds: Int64, _ detail: String = "") -> BootEvent {
        BootEvent(node: mac, kind: kind, at: start + milliseconds, detail: detail)
    }

    private func withLedger(
        unknown: UnknownNodePolicy = .quarantine, nodes: [Node] = [],
        _ body: (BootLedger, SQLiteStore) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            try store.write(nodes.map(Change.node))
            try body(BootLedger(store: store, snapshot: store.load(), unknown: unknown), store)
        }
    }

    @Test func anAttemptBeginsAtPowerOnWhereThatIsKnown() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, store in
            try store.write([
                .event(RecordedEvent(event: event(.poweredOn, after: -4000), attempt: nil, state: .registered))
            ])
            ledger.record(event(.discovered, after: 0))
            ledger.record(event(.offered, after: 5))
            try ledger.flush()
            let attempt = try #require(try store.attempts(of: mac, limit: 1).first)
            #expect(attempt.zero == start - 4000)
            #expect(attempt.state == .netboot)
            #expect(try store.timeline(of: attempt.id).map(\.event.kind) == [.poweredOn, .discovered, .offered])
        }
    }

    @Test func aRepeatedDiscoverIsTheSameBootUntilItGotOn() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, store in
            ledger.record(event(.discovered, after: 0))
            ledger.record(event(.discovered, after: 4000))
            ledger.record(event(.scriptSent, after: 6000))
            #expect(ledger.attempt(of: mac)?.id == 1)
            ledger.record(event(.discovered, after: 9000))
            #expect(ledger.attempt(of: mac)?.id == 2)
            try ledger.flush()
            #expect(try store.attempts(of: mac, limit: 9).map(\.state) == [.registered, .loader])
        }
    }

    @Test func policyDecidesOnUnknownMachines() throws {
        try withLedger(unknown: .register) { ledger, store in
            #expect(ledger.isServed(mac))
            ledger.record(event(.discovered, after: 0))
            try ledger.flush()
            #expect(try store.nodes().map(\.node.name) == ["n0001"])
            #expect(ledger.record(of: mac)?.node.approved == true)
        }
        try withLedger(unknown: .quarantine) { ledger, _ in
            ledger.record(event(.discovered, after: 0))
            #expect(ledger.record(of: mac)?.node.approved == false)
            #expect(ledger.attempt(of: mac)?.state == .new)
        }
        try withLedger(unknown: .ignore) { ledger, store in
            #expect(!ledger.isServed(mac))
            ledger.record(event(.discovered, after: 0))
            try ledger.flush()
            #expect(try store.nodes().isEmpty)
        }
    }

    @Test func theScriptsTokenIsSpentAtTheHandoff() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, _ in
            ledger.record(event(.discovered, after: 0))
            let boot = try #require(ledger.issueBootToken(for: mac, at: start))
            #expect(ledger.attemptToCheckIn(with: boot)?.node == mac)
            #expect(ledger.attempt(with: boot) == nil, "the script's token reports nothing")
            ledger.record(event(.checkedIn, after: 10))
            let agent = ledger.agentToken(for: boot.attempt, presented: boot, capsule: "small@1")
            #expect(agent != boot)
            let again = ledger.agentToken(for: boot.attempt, presented: agent, capsule: "small@1")
            #expect(again == agent, "an agent that has a token keeps it")
            #expect(ledger.attempt(with: agent)?.capsule == "small@1")
            ledger.record(event(.handingOff, after: 20))
            #expect(ledger.attemptToCheckIn(with: boot) == nil)
            #expect(ledger.attempt(with: agent) != nil)
        }
    }

    @Test func anotherAttemptsTokenIsWorthNothing() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, _ in
            ledger.record(event(.discovered, after: 0))
            let token = try #require(ledger.issueBootToken(for: mac, at: start))
            let forged = AttemptToken(attempt: token.attempt)
            #expect(ledger.attemptToCheckIn(with: forged) == nil)
            ledger.record(event(.scriptSent, after: 10))
            ledger.record(event(.discovered, after: 60_000))
            #expect(ledger.attemptToCheckIn(with: token) == nil, "a new boot ends the old attempt's token")
        }
    }

    @Test func tokensOutliveTheDaemon() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, store in
            ledger.record(event(.discovered, after: 0))
            let token = try #require(ledger.issueBootToken(for: mac, at: start))
            try ledger.flush()
            let next = BootLedger(store: store, snapshot: try store.load(), unknown: .quarantine)
            #expect(next.attemptToCheckIn(with: token)?.id == token.attempt)
        }
    }

    @Test func refusalsAreRecordedOnceAndPrintable() throws {
        try withLedger { ledger, store in
            for second in 0..<10 { ledger.record(event(.refused, after: Int64(second) * 1000, "\u{1b}[2J no")) }
            ledger.record(event(.refused, after: 40_000, "\u{1b}[2J no"))
            try ledger.flush()
            let kept = try store.strayEvents(of: mac, since: 0)
            #expect(kept.map(\.at) == [start + 40_000, start])
            #expect(kept.allSatisfy { $0.detail == "\u{fffd}[2J no" })
        }
    }

    @Test func aNodeThatWaitsFillsNoTimeline() throws {
        try withLedger { ledger, store in
            ledger.record(event(.discovered, after: 0))
            for second in 1...20 { ledger.record(event(.checkedIn, after: Int64(second) * 15_000)) }
            try ledger.flush()
            #expect(try store.timeline(of: 1).map(\.event.kind) == [.discovered, .checkedIn])
            #expect(ledger.attempt(of: mac)?.lastSeen == start + 300_000)
        }
    }

    @Test func silenceIsAnEvent() throws {
        try withLedger(nodes: [Node(mac: mac, name: "n001")]) { ledger, _ in
            for kind: BootEvent.Kind in [.discovered, .checkedIn, .progress, .handingOff, .ready] {
                ledger.record(event(kind, after: 0))
            }
            try ledger.tick(at: start + 100_000)
            #expect(ledger.attempt(of: mac)?.state == .ready)
            try ledger.tick(at: start + 200_000)
            #expect(ledger.attempt(of: mac)?.state == .silent)
            ledger.record(event(.heartbeat, after: 210_000))
            #expect(ledger.attempt(of: mac)?.state == .ready)
        }
    }

    /// A disk that refuses: nothing is acknowledged, nothing is lost.
    @Test func whatTheDiskRefusedIsWrittenLater() throws {
        try withTemporaryDirectory { directory in
            let store = BreakableStore(try SQLiteStore(path: directory + "/registry.sqlite"))
            try store.write([.node(Node(mac: mac, name: "n001"))])
            let ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .quarantine)
            let lease = Lease(mac: mac, address: IPv4Address(value: 1), expires: 1)
            store.breakDown(true)
            ledger.record(event(.discovered, after: 0))
            #expect(throws: RegistryError.self) { try ledger.commit([lease]) }
            #expect(ledger.machine(at: lease.address) == nil)
            store.breakDown(false)
            try ledger.commit([lease])
            try ledger.flush()
            #expect(try store.load().leases == [lease])
            #expect(try store.timeline(of: 1).map(\.event.kind) == [.discovered])
        }
    }
}

/// A store whose disk can be taken away.
private final class BreakableStore: Store {
    private let store: SQLiteStore
    private let broken = Mutex(false)

    init(_ store: SQLiteStore) { self.store = store }

    func breakDown(_ value: Bool) { broken.withLock { $0 = value } }

    @discardableResult
    func write(_ changes: [Change]) throws(RegistryError) -> [MACAddress: Int64] {
        if broken.withLock({ $0 }) { throw .failed(operation: "write", reason: "disk full") }
        return try store.write(changes)
    }

    func hold(_ leases: [Lease]) throws(RegistryError) {
        if broken.withLock({ $0 }) { throw .failed(operation: "hold", reason: "disk full") }
        try store.hold(leases)
    }

    func tidy() throws(RegistryError) { try store.tidy() }
    func load() throws(RegistryError) -> Snapshot { try store.load() }
    func foreignChanges() throws(RegistryError) -> Int64 { try store.foreignChanges() }
    func nodes() throws(RegistryError) -> [NodeRecord] { try store.nodes() }
    func groups() throws(RegistryError) -> [NodeGroup] { try store.groups() }
    func leases() throws(RegistryError) -> [Lease] { try store.leases() }
    func forget(eventsBefore time: Int64, limit: Int) throws(RegistryError) -> Int {
        try store.forget(eventsBefore: time, limit: limit)
    }
    func edit(_ edits: [RegistryEdit], note: ChangeNote) throws(RegistryError) -> Int64 {
        if broken.withLock({ $0 }) { throw .failed(operation: "write", reason: "disk full") }
        return try store.edit(edits, note: note)
    }
    func history(of subject: HistorySubject?, limit: Int) throws(RegistryError) -> [RecordedChange] {
        try store.history(of: subject, limit: limit)
    }
    func change(_ number: Int64) throws(RegistryError) -> RecordedChange? { try store.change(number) }
    func attempts(of node: MACAddress, limit: Int) throws(RegistryError) -> [Attempt] {
        try store.attempts(of: node, limit: limit)
    }
    func timeline(of attempt: Int64) throws(RegistryError) -> [RecordedEvent] { try store.timeline(of: attempt) }
    func inventoryTexts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: InventoryText] {
        try store.inventoryTexts(of: nodes)
    }
    func inventories(of nodes: [MACAddress]?) throws(RegistryError) -> [MACAddress: StoredInventory] {
        try store.inventories(of: nodes)
    }
    func firstAttempts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: FirstAttempt] {
        try store.firstAttempts(of: nodes)
    }
    func strayEvents(of node: MACAddress, since: Int64) throws(RegistryError) -> [BootEvent] {
        try store.strayEvents(of: node, since: since)
    }
}
