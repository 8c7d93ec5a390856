import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Testing

@testable import Administration

@Suite struct RegistryServiceTests {
    private let note = ChangeNote(author: "ann", what: "test", at: 1)

    /// Twelve nodes, two groups; by the database alone, and by the daemon's ledger.
    private func withService(_ body: (RegistryService) throws -> Void) throws {
        for hasLedger in [false, true] {
            let directory = FileManager.default.temporaryDirectory.path + "/admin-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let store = try SQLiteStore(path: directory + "/registry.sqlite")
            let ledger = hasLedger ? BootLedger(store: store, snapshot: try store.load(), unknown: .ignore) : nil
            let service = RegistryService(
                store: store, ledger: ledger, server: NodeSettings(capsule: "server:stable"),
                capsuleProblem: { $0.contains("!") ? "`\($0)` is no capsule" : nil },
                capsuleAbsence: { $0.hasPrefix("later") ? "there is no \($0) yet" : nil })
            _ = try service.add(
                AddRequest([
                    GroupDraft(name: "compute", fields: ["capsule": "compute:stable"]), GroupDraft(name: "gpu"),
                ]),
                by: note)
            let drafts = (1...12).map { number in
                NodeDraft(
                    name: number < 10 ? "n00\(number)" : "n0\(number)",
                    mac: MACAddress(value: 0x5254_0000_0000 + UInt64(number)).description)
            }
            _ = try service.add(AddRequest(drafts), by: note)
            try body(service)
        }
    }

    private func names(_ service: RegistryService, _ words: String...) throws -> [String] {
        try service.nodes(words).map(\.node.name)
    }

    @Test func changesWhatIsSelectedAndUndoesIt() throws {
        try withService { service in
            let result = try service.change(
                ChangeRequest(select: ["n[001-003]", "!n002"], set: ["capsule": "own@7"], add: ["groups": "gpu"]),
                by: note)
            #expect(result.count == 2 && result.change != nil)
            #expect(try names(service, "capsule=own@7") == ["n001", "n003"])
            #expect(try names(service, "@gpu") == ["n001", "n003"])
            #expect(try service.history(of: "n003", limit: 5).first?.items.first?.fields["groups"]?.after == "gpu")
            let undone = try service.undo(nil, ChangeOptions(), by: note)
            #expect(undone.count == 2)
            #expect(try names(service, "@gpu") == [])
            #expect(try names(service, "capsule=server:stable").count == 12)
        }
    }

    @Test func aDryRunTellsAndWritesNothing() throws {
        try withService { service in
            let request = ChangeRequest(
                select: ["n001"], set: ["capsule": "own@7"], options: ChangeOptions(dryRun: true))
            let result = try service.change(request, by: note)
            #expect(result.items.map(\.line) == ["n001: capsule - -> own@7"])
            #expect(result.change == nil)
            #expect(try names(service, "capsule=own@7") == [])
        }
    }

    @Test func twoAdminsAtOnceDoNotOverwriteEachOther() throws {
        try withService { service in
            let look = try service.change(
                ChangeRequest(select: ["n*"], set: ["comment": "x"], options: ChangeOptions(dryRun: true)), by: note)
            _ = try service.change(
                ChangeRequest(select: ["n005"], set: ["console": "ttyS1"]),
                by: ChangeNote(author: "bob", what: "node set", at: 2))
            let late = ChangeRequest(
                select: ["n*"], set: ["comment": "x"], options: ChangeOptions(revision: look.revision))
            let error = #expect(throws: AdminProblem.self) { try service.change(late, by: note) }
            #expect(error?.description.contains("n005 was changed by bob (`node set`") == true)
            #expect(try names(service, "comment=x") == [])
        }
    }

    @Test func whatWasChangedAgainIsNotUndone() throws {
        try withService { service in
            let first = try service.change(ChangeRequest(select: ["n*"], set: ["comment": "x"]), by: note)
            _ = try service.change(ChangeRequest(select: ["n002"], set: ["comment": "y"]), by: note)
            let error = #expect(throws: AdminProblem.self) {
                try service.undo(first.change, ChangeOptions(), by: note)
            }
            #expect(error?.description.contains("changed again since: n002") == true)
            #expect(try names(service, "comment=x").count == 11)
        }
    }

    @Test func removalAndReplacementAreUndoneToo() throws {
        try withService { service in
            _ = try service.remove(ChangeRequest(select: ["n*", "!n001"]), by: note)
            #expect(try names(service) == ["n001"])
            _ = try service.undo(nil, ChangeOptions(), by: note)
            #expect(try names(service).count == 12)
            _ = try service.replace("n001", with: "52:54:00:00:00:aa", ChangeOptions(), by: note)
            #expect(try names(service, "mac=52:54:00:00:00:aa") == ["n001"])
            _ = try service.undo(nil, ChangeOptions(), by: note)
            #expect(try names(service, "mac=52:54:00:00:00:01") == ["n001"])
        }
    }

    @Test func whatWasRefusedBeforeAnyAttemptIsExplained() throws {
        try withService { service in
            #expect(throws: AdminProblem.self) { try service.explanation(of: "n001", now: 10) }
            let refused = BootEvent(
                node: MACAddress(value: 0x5254_0000_0001), kind: .refused, at: 5, detail: "the node is disabled")
            try service.store.write([.event(RecordedEvent(event: refused, attempt: nil, state: .registered))])
            let told = try service.explanation(of: "n001", now: 10)
            #expect(told.attempt == nil && told.findings.first?.rule == "disabled" && told.steps.count == 1)
        }
    }

    /// A power-on by a BMC, on the real store, after a boot that was long ago: what is wrong now is told, not then.
    @Test func aMachineThatWasSwitchedOnAndIsNotHeardOf() throws {
        try withService { service in
            let mac = MACAddress(value: 0x5254_0000_0001)
            var attempt = Attempt(id: 1, node: mac, began: 100, zero: 100, state: .silent)
            attempt.lastSeen = 5000
            let done = BootEvent(node: mac, kind: .ready, at: 4000)
            let power = BootEvent(node: mac, kind: .poweredOn, at: 900_000, detail: "cycle by ann")
            try service.store.write([
                .attempt(attempt), .event(RecordedEvent(event: done, attempt: 1, state: .ready)),
                .event(RecordedEvent(event: power, attempt: nil, state: .silent)),
            ])
            let early = try service.explanation(of: "n001", now: 910_000)
            #expect(early.attempt == nil && early.findings.map(\.rule) == ["under-way"])
            let late = try service.explanation(of: "n001", now: 1_000_000)
            #expect(late.findings.map(\.rule) == ["no-discover"] && late.steps.map(\.kind) == [.poweredOn])
        }
    }

    @Test func aCapsuleThatIsNotThereYetIsTakenWithANote() throws {
        try withService { service in
            func notes(_ select: String, _ set: [String: String]) throws -> [String]? {
                let request = ChangeRequest(select: [select], set: set)
                return try select == "gpu"
                    ? service.changeGroups(request, by: note).notes : service.change(request, by: note).notes
            }
            let several = try notes("n00*", ["capsule": "later@1"])
            #expect(several == ["there is no later@1 yet"])
            #expect(try notes("n001", ["nextBoot": "once capsule=later@2"]) == ["there is no later@2 yet"])
            #expect(try notes("gpu", ["capsule": "later@3"]) == ["there is no later@3 yet"])
            #expect(try notes("n001", ["comment": "x"]) == nil)
        }
    }

    @Test func everyConflictOfAListIsToldWithItsLine() throws {
        try withService { service in
            let list = [
                NodeDraft(name: "n001", mac: "52:54:00:00:01:01"), NodeDraft(name: "m1", mac: "52:54:00:00:00:02"),
                NodeDraft(name: "M_2", mac: "52:54:00:00:01:03"), NodeDraft(name: "m3", mac: "no"),
                NodeDraft(name: "m4", mac: "52:54:00:00:01:05", fields: ["groups": "gone"]),
                NodeDraft(name: "m5", mac: "52:54:00:00:01:06", fields: ["capsule": "a!"]),
                NodeDraft(name: "m6", mac: "52:54:00:00:01:07", fields: ["address": "10.0.0.1"]),
                NodeDraft(name: "m7", mac: "52:54:00:00:01:08", fields: ["address": "10.0.0.1"]),
            ]
            let error = #expect(throws: AdminProblem.self) { try service.add(AddRequest(list), by: note) }
            let lines = (error?.description ?? "").split(separator: "\n")
            #expect(lines.map { $0.prefix { $0 != ":" } } == [1, 2, 3, 4, 5, 6, 8].map { "line \($0)" })
            let left = try names(service)
            #expect(left.count == 12)
        }
    }

    @Test func groupsAreInheritedRenamedAndRemoved() throws {
        try withService { service in
            _ = try service.changeGroups(ChangeRequest(select: ["gpu"], set: ["parents": "compute"]), by: note)
            _ = try service.change(ChangeRequest(select: ["n001"], add: ["groups": "gpu"]), by: note)
            let node = try #require(try service.resources(["n001"]).first)
            #expect(node.effective["capsule"]?.value == "compute:stable")
            #expect(node.effective["capsule"]?.from == "group compute")
            let cycle = #expect(throws: AdminProblem.self) {
                try service.changeGroups(ChangeRequest(select: ["compute"], set: ["parents": "gpu"]), by: note)
            }
            #expect(cycle?.description.contains("compute -> gpu -> compute") == true)
            _ = try service.changeGroups(ChangeRequest(select: ["gpu"], set: ["name": "cuda"]), by: note)
            #expect(try names(service, "@cuda") == ["n001"])
            _ = try service.removeGroups(ChangeRequest(select: ["compute"]), by: note)
            #expect(try service.groups([]).map(\.name) == ["cuda"])
            #expect(try service.resources(["n001"]).first?.effective["capsule"]?.from == "the server")
            _ = try service.changeGroups(ChangeRequest(select: ["all"], set: ["console": "ttyS1"]), by: note)
            #expect(try service.resources(["n002"]).first?.effective["console"]?.from == "all nodes")
        }
    }

    @Test(arguments: [
        (ChangeRequest(select: [], set: ["comment": "x"]), "say which nodes"),
        (ChangeRequest(select: ["n*"], set: ["colour": "x"]), "no field `colour`"),
        (ChangeRequest(select: ["n*"], set: ["name": "x"]), "name is for one node"),
        (ChangeRequest(select: ["n*"], set: ["groups": "gone"]), "no group `gone`"),
        (ChangeRequest(select: ["n*"], set: ["groups": "all"]), "leave it out"),
        (ChangeRequest(select: ["n*"], set: ["capsule": "a!"]), "is no capsule"),
        (ChangeRequest(select: ["n*"], set: ["nextBoot": "once capsule=a!"]), "is no capsule"),
        (ChangeRequest(select: ["n*"], set: ["nextBoot": "always install"]), "say --once"),
        (ChangeRequest(select: ["n*"], set: [:]), "nothing to set"),
        (ChangeRequest(select: ["colour=red"], set: ["comment": "x"]), "no `colour`"),
        (ChangeRequest(select: ["n020"], set: ["comment": "x"]), "no node n020"),
    ])
    func badRequestsChangeNothing(request: ChangeRequest, text: String) throws {
        try withService { service in
            let error = #expect(throws: AdminProblem.self) { try service.change(request, by: note) }
            #expect(error?.description.contains(text) == true, Comment(rawValue: "\(String(describing: error))"))
            let history = try service.history(of: nil, limit: 10)
            #expect(history.count == 2)
        }
    }
}
