import BootMachine
import BootProtocols
import Registry
import Testing

/// Whatever happened to a node, in whatever order, the next power-on is a clean beginning.
@Suite struct NodeBookSequenceTests {
    private static let mac = MACAddress(value: 0x5254_0012_3456)

    private func book(_ policy: UnknownNodePolicy) -> NodeBook {
        NodeBook(Snapshot(nodes: [], leases: [], attempts: [], lastAttempt: 0), unknown: policy)
    }

    /// Duplicated, late and reordered events: any sequence of any kinds at times that jump back and forth.
    @Test(arguments: [UnknownNodePolicy.register, .quarantine])
    func aDiscoverBeginsACleanAttempt(policy: UnknownNodePolicy) throws {
        var numbers = SplitMix(state: 11)
        for _ in 0..<1_000 {
            var book = book(policy)
            for _ in 0..<Int.random(in: 0...40, using: &numbers) {
                let kind = try #require(BootEvent.Kind.allCases.randomElement(using: &numbers))
                let at = Int64.random(in: 0...1_000_000, using: &numbers)
                _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: at))
            }
            let before = book.attempt(of: Self.mac)?.id ?? 0
            // Later than all that came: a repeated DISCOVER of the same boot is none.
            let changes = book.receive(BootEvent(node: Self.mac, kind: .discovered, at: 2_000_000))
            let attempt = try #require(book.attempt(of: Self.mac))
            #expect(attempt.id == before + 1)
            #expect(attempt.began == 2_000_000)
            #expect(attempt.failure == nil)
            #expect(attempt.bootToken == nil && attempt.agentToken == nil, "no token of an attempt before counts")
            #expect(attempt.state == (policy == .register ? .registered : .new))
            #expect(changes.contains { if case .attempt(attempt) = $0 { true } else { false } })
        }
    }

    /// A power cut in any state, and then a whole boot.
    @Test(arguments: NodeState.allCases)
    func aBootAfterAPowerCutGetsToReady(state: NodeState) throws {
        let node = Node(mac: Self.mac, name: "n001")
        let cut = Attempt(id: 7, node: Self.mac, began: 0, zero: 0, state: state)
        var book = NodeBook(
            Snapshot(nodes: [NodeRecord(node: node, state: state)], leases: [], attempts: [cut], lastAttempt: 7),
            unknown: .ignore)
        let kinds: [BootEvent.Kind] = [
            .discovered, .offered, .leased, .scriptSent, .checkedIn, .progress, .handingOff, .ready,
        ]
        for (index, kind) in kinds.enumerated() {
            _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: 100_000 + Int64(index)))
            // Each event twice: retransmitted, or reported again by an agent whose answer was lost.
            _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: 100_000 + Int64(index)))
        }
        #expect(book.attempt(of: Self.mac)?.id == 8)
        #expect(book.record(of: Self.mac)?.state == .ready)
    }

    /// Somebody has a shell at a breakpoint of an install: heartbeats keep the node from counting as hung, without a line.
    @Test func aBreakpointMayLastForHours() throws {
        var book = NodeBook(
            Snapshot(
                nodes: [NodeRecord(node: Node(mac: Self.mac, name: "n001"), state: .registered)], leases: [],
                attempts: [],
                lastAttempt: 0), unknown: .ignore)
        for kind in [BootEvent.Kind.discovered, .leased, .scriptSent, .checkedIn, .progress] {
            _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: 1_000))
        }
        var now: Int64 = 1_000
        for _ in 0..<400 {
            now += 30_000
            #expect(book.overdue(at: now).isEmpty)
            #expect(book.receive(BootEvent(node: Self.mac, kind: .heartbeat, at: now)).isEmpty)
        }
        #expect(book.record(of: Self.mac)?.state == .provisioning)
        #expect(book.overdue(at: now + 601_000).map(\.kind) == [.timedOut])
    }

    /// Reports of a boot that a power cut ended come late: they belong to nobody's attempt but the newest, and an old
    /// boot's end cannot fail a new one that is ready.
    @Test func lateEventsDoNotUndoReady() throws {
        var book = book(.register)
        for (index, kind) in [BootEvent.Kind.discovered, .offered, .scriptSent, .checkedIn, .handingOff, .ready]
            .enumerated()
        {
            _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: Int64(index)))
        }
        for kind in [BootEvent.Kind.failed, .timedOut, .progress, .checkedIn, .offered, .leased, .refused, .handingOff]
        {
            _ = book.receive(BootEvent(node: Self.mac, kind: kind, at: 50))
            #expect(book.record(of: Self.mac)?.state == .ready, "after \(kind)")
        }
    }
}

/// A seeded generator: the same sequences in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
