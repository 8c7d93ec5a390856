import BootMachine
import BootProtocols
import Foundation
import Glibc
import Registry
import RegistrySQLite
import Testing

/// Who changed what: edits, their history, and what stands in their way.
@Suite(.serialized) struct HistoryTests {
    private static let mac = MACAddress(value: 0x5254_0000_0001)
    private static let variable = "PERSEID_KILLED_EDITS"

    private func note(_ what: String) -> ChangeNote { ChangeNote(author: "ann", what: what, at: 7) }

    private func withStore(_ body: (SQLiteStore) throws -> Void) throws {
        try withTemporaryDirectory { try body(try SQLiteStore(path: $0 + "/registry.sqlite")) }
    }

    /// The groups of `full`, which must be there first.
    private func groups() -> [RegistryEdit] {
        ["gpu", "rack1"].map { .group(from: nil, to: NodeGroup(name: $0)) }
    }

    private func full() throws -> Node {
        var node = Node(mac: Self.mac, name: "n001", groups: ["gpu", "rack1"])
        for (field, text) in [
            (NodeField.address, "10.0.0.9"), (.interfaces, "52:54:00:00:01:01/ib0/10.1.0.9,52:54:00:00:01:02"),
            (.uuid, "4C4C4544-0042-3510-8052-b4c04f4d3132"), (.serial, "7H4 \"x\" \\ é"), (.capsule, "compute:stable"),
            (.provider, "disk"), (.handoff, "kexec"), (.kernelArguments, "quiet  mitigations=off"),
            (.console, "ttyS1,115200"), (.nextBoot, "once capsule=compute@7"), (.desiredGeneration, "compute@9"),
            (.achievedGeneration, "compute@8"), (.tags, "new,loud"), (.comment, "by the door"),
        ] { try node.set(field, to: text) }
        return node
    }

    @Test func everyFieldIsKept() throws {
        try withStore { store in
            var node = try full()
            node.version = try store.edit(groups() + [.node(from: nil, to: node)], note: note("node add"))
            #expect(try store.nodes().map(\.node) == [node])
            var same = Node(mac: Self.mac, name: "n001")
            for field in NodeField.allCases { try same.set(field, to: node[field]) }
            same.version = node.version
            #expect(same == node)
        }
    }

    @Test func aChangeSaysWhoWhenAndWhat() throws {
        try withStore { store in
            let node = try full()
            let first = try store.edit(groups() + [.node(from: nil, to: node)], note: note("node add"))
            var old = node
            old.version = first
            var new = old
            try new.set(.capsule, to: nil)
            try new.set(.comment, to: "by the window")
            let second = try store.edit([.node(from: old, to: new)], note: note("node set"))
            let change = try #require(try store.history(of: .node(Self.mac), limit: 10).first)
            #expect(change.number == second && change.note == note("node set"))
            #expect(change.items.first?.kind == .changed)
            #expect(
                change.items.first?.fields == [
                    "capsule": FieldChange("compute:stable", nil),
                    "comment": FieldChange("by the door", "by the window"),
                ])
            #expect(try store.history(of: nil, limit: 10).map(\.number) == [second, first])
            let added = try store.change(first)?.items.first { $0.subject == .node(Self.mac) }
            #expect(added?.fields["serial"]?.after == "7H4 \"x\" \\ é")
            #expect(try store.change(99) == nil)
        }
    }

    @Test func whoComesSecondIsRefused() throws {
        try withStore { store in
            var seen = Node(mac: Self.mac, name: "n001")
            seen.version = try store.edit([.node(from: nil, to: seen)], note: note("node add"))
            var mine = seen
            mine.comment = "mine"
            var theirs = seen
            theirs.comment = "theirs"
            _ = try store.edit([.node(from: seen, to: mine)], note: note("node set"))
            let other = Node(mac: MACAddress(value: 2), name: "n002")
            #expect(throws: RegistryError.changedMeanwhile("n001")) {
                try store.edit(
                    [.node(from: nil, to: other), .node(from: seen, to: theirs)], note: note("node set"))
            }
            #expect(throws: RegistryError.changedMeanwhile("n001")) {
                try store.edit([.node(from: seen, to: nil)], note: note("node delete"))
            }
            #expect(try store.nodes().map(\.node.comment) == ["mine"])
            #expect(try store.history(of: nil, limit: 10).count == 2)
        }
    }

    @Test(arguments: [
        ("52:54:00:00:01:01", nil), ("52:54:00:00:00:05", "52:54:00:00:00:01"),
        ("52:54:00:00:00:05", "52:54:00:00:01:02/eth1"), ("52:54:00:00:00:05", "52:54:00:00:00:06//10.0.0.9"),
        ("52:54:00:00:00:05", "52:54:00:00:00:06//10.1.0.9"),
    ])
    func noAddressBelongsToTwo(mac: String, interfaces: String?) throws {
        try withStore { store in
            _ = try store.edit(groups() + [.node(from: nil, to: try full())], note: note("node add"))
            var other = Node(mac: try .validated(mac), name: "n002")
            try other.set(.interfaces, to: interfaces)
            #expect(throws: RegistryError.self) {
                try store.edit([.node(from: nil, to: other)], note: note("node add"))
            }
            #expect(try store.nodes().map(\.node.name) == ["n001"])
        }
    }

    @Test func groupsAreKeptWithTheirHistory() throws {
        try withStore { store in
            var group = NodeGroup(name: "gpu", parents: ["compute"], settings: NodeSettings(capsule: "cuda:stable"))
            group.version = try store.edit(
                [.group(from: nil, to: NodeGroup(name: "compute")), .group(from: nil, to: group)],
                note: note("group add"))
            #expect(try store.groups().last == group)
            #expect(try store.load().groups.map(\.name) == ["compute", "gpu"])
            var changed = group
            changed.settings.console = "ttyS0"
            _ = try store.edit([.group(from: group, to: changed)], note: note("group set"))
            #expect(throws: RegistryError.changedMeanwhile("group gpu")) {
                try store.edit([.group(from: group, to: nil)], note: note("group delete"))
            }
            let items = try store.history(of: .group("gpu"), limit: 1).flatMap(\.items)
            #expect(items.map(\.fields) == [["console": FieldChange(nil, "ttyS0")]])
        }
    }

    @Test func aDatabaseOfAnEarlierVersionGoesOn() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            try FileManager.default.copyItem(atPath: Self.fixture("version-2"), toPath: path)
            let nodes = try SQLiteStore(path: path).nodes().map(\.node)
            #expect(nodes.map(\.name) == ["n001", "n002"])
            #expect(nodes.map(\.capsule) == ["compute:stable", nil])
            #expect(nodes.map(\.address?.description) == [nil, "10.0.0.9"])
        }
    }

    @Test func aDatabaseOfANewerVersionIsRefusedAndLeftAlone() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            try FileManager.default.copyItem(atPath: Self.fixture("newer"), toPath: path)
            let error = #expect(throws: RegistryError.newerVersion(path: path)) { try SQLiteStore(path: path) }
            #expect(error?.description.contains("by a newer Perseid; nothing was changed") == true)
            // Nothing was brought back to this version: it is refused again.
            #expect(throws: RegistryError.newerVersion(path: path)) { try SQLiteStore(path: path) }
        }
    }

    private static func fixture(_ name: String) -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return root.joined(separator: "/") + "/Fixtures/registry/\(name).sqlite"
    }

    /// kill -9 in the middle of changes: each is there whole, with its history, or not at all.
    @Test func aKilledChangeIsWholeOrNotThere() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/killed-edits-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        setenv(Self.variable, directory, 1)
        for _ in 1...10 {
            await #expect(processExitsWith: .signal(SIGKILL)) { try Self.editUntilKilled() }
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            let nodes = try store.nodes().map(\.node)
            let newest = try #require(try store.history(of: nil, limit: 1).first)
            #expect(Set(nodes.map(\.version)) == [newest.number])
            #expect(Set(nodes.map(\.comment)).count == 1)
            #expect(try store.change(newest.number)?.items.count == nodes.count)
        }
    }

    private static func editUntilKilled() throws {
        guard let path = getenv(variable) else { return }
        let store = try SQLiteStore(path: String(cString: path) + "/registry.sqlite")
        let note = ChangeNote(author: "ann", what: "node set", at: 1)
        if try store.nodes().isEmpty {
            let nodes = (1...500).map { Node(mac: MACAddress(value: UInt64($0)), name: "n\($0)") }
            _ = try store.edit(nodes.map { .node(from: nil, to: $0) }, note: note)
        }
        let delay = UInt32.random(in: 1000...60_000)
        Thread.detachNewThread {
            usleep(delay)
            kill(getpid(), SIGKILL)
        }
        var round = 0
        while true {
            round += 1
            let edits = try store.nodes().map { record in
                var node = record.node
                node.comment = "\(getpid()) \(round)"
                return RegistryEdit.node(from: record.node, to: node)
            }
            _ = try store.edit(edits, note: note)
        }
    }
}
