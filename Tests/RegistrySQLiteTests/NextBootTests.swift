import BootMachine
import BootProtocols
import Registry
import RegistrySQLite
import Testing

/// What a node is to boot instead of what its settings say, from the database through an attempt and back.
@Suite struct NextBootTests {
    private let mac = MACAddress(value: 0x5254_0000_0001)
    private let other = MACAddress(value: 0x5254_0000_0101)
    private let start: Int64 = 1_000_000

    private func withLedger(_ boot: NextBoot?, _ body: (BootLedger, SQLiteStore) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            var node = Node(mac: mac, name: "n001")
            node.nextBoot = boot
            node.interfaces = [NodeInterface(mac: other, name: "eth1")]
            _ = try store.edit(
                [.node(from: nil, to: node)], note: ChangeNote(author: "ann", what: "node add", at: 1))
            try body(BootLedger(store: store, snapshot: store.load(), unknown: .ignore), store)
        }
    }

    private func powerOn(_ ledger: BootLedger, after milliseconds: Int64, by interface: MACAddress? = nil) {
        ledger.record(BootEvent(node: interface ?? mac, kind: .discovered, at: start + milliseconds))
    }

    @Test func onceIsUsedUpWithTheAttemptThatUsesIt() throws {
        let boot = NextBoot(.capsule("compute@7"), .once)
        try withLedger(boot) { ledger, store in
            powerOn(ledger, after: 0)
            try ledger.flush()
            #expect(try store.nodes().first?.node.nextBoot == boot)
            #expect(ledger.decideBoot(of: mac) == boot)
            #expect(ledger.decideBoot(of: mac) == boot)
            try ledger.flush()
            #expect(try store.nodes().first?.node.nextBoot == nil)
            #expect(try store.attempts(of: mac, limit: 1).first?.boot == boot)
            let newest = try #require(try store.history(of: .node(mac), limit: 1).first)
            #expect(newest.note.author == ChangeNote.server)
            #expect(newest.items.first?.fields == ["nextBoot": FieldChange("once capsule=compute@7", nil)])
            powerOn(ledger, after: 60_000)
            #expect(ledger.decideBoot(of: mac) == nil)
        }
    }

    @Test func anAdminMayChangeTheNodeAfterIt() throws {
        try withLedger(NextBoot(.memtest, .once)) { ledger, store in
            powerOn(ledger, after: 0)
            _ = ledger.decideBoot(of: mac)
            try ledger.flush()
            let before = try #require(ledger.record(of: mac)?.node)
            #expect(before.version == (try store.nodes().first?.node.version))
            var after = before
            after.comment = "tested"
            _ = try ledger.edit([.node(from: before, to: after)], note: ChangeNote(author: "ann", what: "set", at: 2))
            #expect(try store.nodes().first?.node.comment == "tested")
        }
    }

    @Test func alwaysStays() throws {
        let boot = NextBoot(.local, .always)
        try withLedger(boot) { ledger, store in
            for round in 0..<3 {
                powerOn(ledger, after: Int64(round) * 60_000)
                #expect(ledger.decideBoot(of: mac) == boot)
            }
            try ledger.flush()
            #expect(try store.nodes().first?.node.nextBoot == boot)
            // Nobody reports from a disk: that is no failure.
            try ledger.tick(at: start + 10_000_000)
            #expect(ledger.attempt(of: mac)?.state == .registered)
        }
    }

    @Test func whatAnAdminSaidMeanwhileIsNotUsedUp() throws {
        try withLedger(NextBoot(.memtest, .once)) { ledger, store in
            powerOn(ledger, after: 0)
            _ = ledger.decideBoot(of: mac)
            let now = try #require(try store.nodes().first?.node)
            var changed = now
            changed.nextBoot = NextBoot(.local, .once)
            _ = try store.edit(
                [.node(from: now, to: changed)], note: ChangeNote(author: "ann", what: "boot set", at: 2))
            try ledger.flush()
            #expect(try store.nodes().first?.node.nextBoot == NextBoot(.local, .once))
        }
    }

    @Test func aNodeBootsFromEachOfItsInterfaces() throws {
        try withLedger(NextBoot(.shell, .once)) { ledger, store in
            powerOn(ledger, after: 0, by: other)
            #expect(ledger.record(of: other)?.node.name == "n001")
            #expect(ledger.decideBoot(of: other)?.target == .shell)
            let token = try #require(ledger.issueBootToken(for: other, at: start + 5))
            #expect(ledger.attemptToCheckIn(with: token)?.node == mac)
            try ledger.flush()
            #expect(try store.attempts(of: mac, limit: 5).count == 1)
        }
    }

    @Test func aNodeOfALocalGroupBootsItsDisk() throws {
        try withLedger(nil) { ledger, _ in
            let node = try #require(ledger.record(of: mac)?.node)
            var member = node
            member.groups = ["fat"]
            let group = NodeGroup(name: "fat", settings: NodeSettings(provider: .local))
            _ = try ledger.edit(
                [.group(from: nil, to: group), .node(from: node, to: member)],
                note: ChangeNote(author: "ann", what: "group add", at: 2))
            powerOn(ledger, after: 0)
            #expect(ledger.decideBoot(of: mac) == NextBoot(.local, .always))
        }
    }

    @Test func anInstallIsOneMoreOrderAndComesBeforeTheDisk() throws {
        let boot = NextBoot(.install, .once)
        try withLedger(boot) { ledger, store in
            powerOn(ledger, after: 0)
            #expect(ledger.decideBoot(of: mac) == boot)
            #expect(ledger.decideBoot(of: mac) == boot)
            try ledger.flush()
            let record = try #require(try store.nodes().first)
            #expect(record.install?.desired == 1 && record.install?.isDue == true)
            #expect(record.install == ledger.record(of: mac)?.install)
            try store.write([.removeNode(mac)])
            try store.write([.node(Node(mac: mac, name: "n001"))])
            #expect(try store.nodes().first?.install == nil)
        }
    }

    /// Two commands that ask for the same install do not make two of it.
    @Test func anOpenOrderIsNotDoubled() throws {
        try withLedger(NextBoot(.install, .once)) { ledger, store in
            try store.write([.askInstall(mac, at: start)])
            try ledger.tick(at: start)
            powerOn(ledger, after: 0)
            #expect(ledger.decideBoot(of: mac)?.target == .install)
            try ledger.flush()
            #expect(try store.nodes().first?.install?.desired == 1)
        }
    }

    @Test func anOrderComesBeforeALocalProvider() throws {
        try withLedger(nil) { ledger, store in
            var local = try #require(try store.nodes().first?.node)
            local.provider = .local
            try store.write([.node(local), .askInstall(mac, at: start)])
            try ledger.tick(at: start)
            powerOn(ledger, after: 0)
            #expect(ledger.decideBoot(of: mac) == nil)
            // An admin's change leaves the order open.
            let node = try #require(ledger.record(of: mac)?.node)
            var named = node
            named.comment = "x"
            _ = try ledger.edit(
                [.node(from: node, to: named)], note: ChangeNote(author: "ann", what: "node set", at: 2))
            #expect(ledger.record(of: mac)?.install?.isDue == true)
            #expect(try store.nodes().first?.install?.isDue == true)
        }
    }

    @Test(arguments: ["once local", "always capsule=compute:stable", "once install", "always shell", "once rescue"])
    func textReadsBack(text: String) throws {
        #expect(try NextBoot(text: text).text == text)
    }
}
