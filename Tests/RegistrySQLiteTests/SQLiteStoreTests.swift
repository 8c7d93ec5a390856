import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Testing

@Suite struct SQLiteStoreTests {
    private let mac = MACAddress(value: 0x5254_0012_3456)

    @Test func whatIsWrittenIsThereAfterReopening() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            var node = Node(
                mac: mac, name: "n001", capsule: "small:stable", handoff: .kexec,
                address: IPv4Address(value: 0xfffe_0009))
            var attempt = Attempt(id: 7, node: mac, began: 1000, zero: 900, state: .loader)
            attempt.bootToken = AttemptToken(attempt: 7).digest
            let event = BootEvent(node: mac, kind: .scriptSent, at: 1200, transport: .http, bytes: 5, detail: "x")
            let recorded = RecordedEvent(event: event, attempt: 7, state: .loader)
            let lease = Lease(mac: mac, address: IPv4Address(value: 0x0a00_0005), expires: 99)
            let first = try SQLiteStore(path: path)
            try first.write([.node(node), .attempt(attempt), .event(recorded)])
            try first.hold([lease])

            let store = try SQLiteStore(path: path)
            let snapshot = try store.load()
            // The number of the change that wrote it.
            node.version = 1
            #expect(snapshot.nodes == [NodeRecord(node: node, state: .loader)])
            #expect(snapshot.leases == [lease])
            #expect(snapshot.attempts == [attempt])
            #expect(snapshot.lastAttempt == 7)
            #expect(try store.timeline(of: 7) == [recorded])
        }
    }

    @Test func noTwoNodesHaveOneAddress() throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            let address = IPv4Address(value: 0x0a00_0009)
            try store.write([.node(Node(mac: mac, name: "n001", address: address))])
            let other = Node(mac: MACAddress(value: 1), name: "n002", address: address)
            #expect(throws: RegistryError.self) { try store.write([.node(other)]) }
            try store.write([
                .node(Node(mac: mac, name: "n001")), .node(other), .node(Node(mac: MACAddress(value: 2), name: "n003")),
            ])
            #expect(try store.nodes().map(\.node.address) == [nil, address, nil])
        }
    }

    @Test func aGroupIsWrittenWholeOrNotAtAll() throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            try store.write([.node(Node(mac: mac, name: "n001"))])
            let other = MACAddress(value: 1)
            let event = BootEvent(node: mac, kind: .poweredOn, at: 5)
            #expect(throws: RegistryError.self) {
                try store.write([
                    .event(RecordedEvent(event: event, attempt: nil, state: .registered)),
                    .node(Node(mac: other, name: "n001")),
                ])
            }
            #expect(try store.strayEvents(of: mac, since: 0).isEmpty)
            let snapshot = try store.load()
            #expect(snapshot.nodes.map(\.node.mac) == [mac])
        }
    }

    @Test func oldEventsGoInSteps() throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            try store.write(
                (Int64(1)...10).map { time in
                    let event = BootEvent(node: mac, kind: .refused, at: time)
                    return .event(RecordedEvent(event: event, attempt: nil, state: .new))
                })
            #expect(try store.forget(eventsBefore: 8, limit: 5) == 5)
            #expect(try store.forget(eventsBefore: 8, limit: 5) == 2)
            #expect(try store.forget(eventsBefore: 8, limit: 5) == 0)
            #expect(try store.strayEvents(of: mac, since: 0).map(\.at) == [10, 9, 8])
        }
    }

    @Test func anAddressHasOneHolder() throws {
        try withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            let address = IPv4Address(value: 0x0a00_0005)
            let next = Lease(mac: MACAddress(value: 2), address: address, expires: 2)
            try store.hold([Lease(mac: mac, address: address, expires: 1)])
            try store.hold([next])
            #expect(try store.load().leases == [next])
        }
    }

    @Test func writesOfAnotherProcessAreNoticed() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let store = try SQLiteStore(path: path)
            let before = try store.foreignChanges()
            try store.write([.node(Node(mac: mac, name: "n001"))])
            #expect(try store.foreignChanges() == before)
            try SQLiteStore(path: path).write([.node(Node(mac: mac, name: "n002"))])
            #expect(try store.foreignChanges() != before)
        }
    }

    @Test func aPathThatCannotBeOpenedIsNamed() {
        #expect(throws: RegistryError.self) { try SQLiteStore(path: "/nowhere/registry.sqlite") }
    }

    @Test func aDamagedFileIsKeptAside() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let bytes = Data(repeating: 0x41, count: 8192)
            for ending in ["", "-wal"] { try bytes.write(to: URL(fileURLWithPath: path + ending)) }
            let kept = try SQLiteStore.keepAside(path: path, stamp: "now")
            #expect(kept == path + ".damaged-now")
            for ending in ["", "-wal"] { #expect(try Data(contentsOf: URL(fileURLWithPath: kept + ending)) == bytes) }
            #expect(try SQLiteStore(path: path).load().nodes.isEmpty)
        }
    }

    /// A page in the midst of it is overwritten: its head is as it was, and it opens.
    @Test func damageThatShowsLaterIsCalledDamage() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            do {
                let store = try SQLiteStore(path: path)
                let nodes = (1...2000).map { number in
                    Change.node(Node(mac: MACAddress(value: UInt64(number)), name: "n\(number)"))
                }
                try store.write(nodes)
            }
            // All is in the log; a second one folds it in as it ends.
            let size = try #require(FileManager.default.contents(atPath: path)?.count)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: 4096)
            try file.write(contentsOf: Data(repeating: 0xff, count: size - 4096))
            try file.close()
            for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
            let error = #expect(throws: RegistryError.self) { try SQLiteStore(path: path).load() }
            guard case .damaged(path, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aDamagedFileIsRefusedAndLeftAlone() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let bytes = Data(repeating: 0x41, count: 8192)
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: RegistryError.self) { try SQLiteStore(path: path) }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        }
    }
}

func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
}
