import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import DiskLayout
import Foundation
import Registry
import RegistrySQLite
import Synchronization
import Testing

@testable import BootHTTP

/// An installed node's way to its update, as the server sees it.
@Suite struct UpdateOrdersTests {
    private static let mac = EndpointsFixture.mac
    private static let layout = DiskLayout(
        disks: [
            Disk(name: "a", selector: DiskSelector(), label: .gpt, partitions: [Partition(number: 1, size: .rest)])
        ], fileSystems: [FileSystem(device: .partition(disk: "a", number: 1), mountPoint: "/", kind: .ext4)])

    private final class Admin: Sendable {
        let work = Mutex<AgentWork?>(nil)
        let changes = Mutex<[UpdateChanges]>([])
        let excludes = Mutex<[String]>(["/opt/"])
    }

    /// A node that was installed with tiny@1 and runs, and its token.
    private func running(_ admin: Admin) async throws -> (fixture: EndpointsFixture, reply: CheckInReply) {
        let fixture = try await EndpointsFixture(
            building: true, layouts: { _, _ in Self.layout }, work: { _ in admin.work.withLock { $0 } },
            updates: Updates(
                excludes: { _, _ in admin.excludes.withLock { $0 } },
                keep: { _, changes in admin.changes.withLock { $0.append(changes) } }))
        try SQLiteStore(path: fixture.path + "/registry.sqlite").write([.askInstall(Self.mac, at: 1)])
        try fixture.ledger.tick(at: 1)
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        let signed = try JSONDecoder().decode(SignedOrder.self, from: Data(try #require(first.plan.install).utf8))
        let bytes = try signed.open(
            for: .init(attempt: first.attempt, mac: Self.mac.description), trusting: try keys(fixture))
        let order = try JSONDecoder().decode(InstallOrder.self, from: Data(bytes))
        _ = try report(AgentReport(kind: .installed, capsule: "tiny@1", install: 1), first.token, fixture)
        let again = try reply(try fixture.checkIn(order.credential, phase: .installed))
        _ = try report(AgentReport(kind: .ready, capsule: "tiny@1", isOnDisk: true), again.token, fixture)
        return (fixture, again)
    }

    private func keys(_ fixture: EndpointsFixture) throws -> TrustedKeys {
        var keys = TrustedKeys()
        for key in try fixture.capsules.publicKeys() { try keys.add(publicKeyFile: key.file) }
        return keys
    }

    private func reply(_ answer: BootAnswer) throws -> CheckInReply {
        try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes))
    }

    private func report(_ report: AgentReport, _ token: String, _ fixture: EndpointsFixture) throws -> BootAnswer {
        try fixture.post("/node/v1/report", [report], token: token)
    }

    private func ask(
        _ id: Int64, _ token: String, _ fixture: EndpointsFixture, key: LayerKey = LayerKey()
    ) throws -> BootAnswer {
        try fixture.post("/node/v1/update", UpdateRequest(id: id, layerKey: key.publicKey), token: token)
    }

    @Test func givesTheOrderAndTheNodesFilesForThatNodeAlone() async throws {
        let admin = Admin()
        let (fixture, node) = try await running(admin)
        let own = fixture.path + "/nodefiles/all/etc"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: own + "/own"))
        let key = LayerKey()
        admin.work.withLock { $0 = AgentWork(id: 7, kind: .update, capsule: "tiny@2") }
        // It hears of it with its heartbeat.
        let heard = try report(AgentReport(kind: .heartbeat), node.token, fixture)
        #expect(try JSONDecoder().decode(AgentWork.self, from: Data(heard.bytes)).kind == .update)

        let answer = try ask(7, node.token, fixture, key: key)
        #expect(answer.status == 200)
        let update = try JSONDecoder().decode(UpdateReply.self, from: Data(answer.bytes))
        let recipient = SealedLayer.Recipient(attempt: node.attempt, mac: Self.mac.description)
        let signed = try JSONDecoder().decode(SignedOrder.self, from: Data(update.order.utf8))
        let order = try JSONDecoder().decode(
            UpdateOrder.self, from: Data(try signed.open(for: recipient, trusting: try keys(fixture))))
        #expect(order == UpdateOrder(update: 7, capsule: "tiny@2", isDryRun: false, excludes: ["/opt/"]))
        // It is no order to install: its fields are others.
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(
                InstallOrder.self, from: Data(try signed.open(for: recipient, trusting: try keys(fixture))))
        }
        let layer = try JSONDecoder().decode(SealedLayer.self, from: Data(try #require(update.layer).utf8))
        let files = try layer.open(for: recipient, with: key, trusting: try keys(fixture)).files
        #expect(files.map(\.path) == ["/etc/own"])
        #expect(throws: LayerError.self) {
            try layer.open(for: recipient, with: LayerKey(), trusting: try keys(fixture))
        }
        // The first key of a start is the only one.
        #expect(try ask(7, node.token, fixture, key: key).status == 200)
        #expect(try ask(7, node.token, fixture).status == 403)
    }

    @Test func givesNothingWithoutAnOpenOrder() async throws {
        let admin = Admin()
        let (fixture, node) = try await running(admin)
        #expect(try ask(7, node.token, fixture).status == 409)
        admin.work.withLock { $0 = AgentWork(id: 7, livesync: "tiny@2") }
        #expect(try ask(7, node.token, fixture).status == 409)
        admin.work.withLock { $0 = AgentWork(id: 7, kind: .update, capsule: "tiny@2") }
        #expect(try ask(8, node.token, fixture).status == 409)
        #expect(try ask(7, "\(node.attempt).0123456789abcdef0123456789abcdef", fixture).status == 401)
        #expect(fixture.get("/node/v1/update", token: node.token).status == 405)
    }

    @Test func saysWhatIsWrongWithAnExclude() async throws {
        struct Wrong: Error, CustomStringConvertible {
            let description = "all:3: `[` has a `[` without its `]`"
        }
        let fixture = try await EndpointsFixture(
            building: true, layouts: { _, _ in Self.layout },
            work: { _ in AgentWork(id: 7, kind: .update, capsule: "tiny@1") },
            updates: Updates(excludes: { _, _ in throw Wrong() }))
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        // It was never installed: nothing is given, and nothing is read.
        #expect(try ask(7, first.token, fixture).status == 403)
    }

    @Test func keepsWhatTheNodeTellsOfItsChanges() async throws {
        let admin = Admin()
        let (fixture, node) = try await running(admin)
        let changes = UpdateChanges(id: 7, part: 0, lines: ["~ /etc/motd"])
        #expect(try fixture.post("/node/v1/update/changes", changes, token: node.token).status == 409)
        admin.work.withLock { $0 = AgentWork(id: 7, kind: .updateDryRun, capsule: "tiny@2") }
        #expect(try fixture.post("/node/v1/update/changes", changes, token: node.token).status == 204)
        let beyond = UpdateChanges(id: 7, part: UpdateOrder.parts, lines: [])
        #expect(try fixture.post("/node/v1/update/changes", beyond, token: node.token).status == 400)
        #expect(admin.changes.withLock { $0 } == [changes])
    }

    /// `install status` shows what an update brought; a capsule that is booted for once is not on the disk.
    @Test func theDiskHasWhatTheNodeSaysOfIt() async throws {
        let (fixture, node) = try await running(Admin())
        _ = try report(AgentReport(kind: .ready, capsule: "tiny@9"), node.token, fixture)
        #expect(fixture.ledger.record(of: Self.mac)?.install?.capsule == "tiny@1")
        _ = try report(AgentReport(kind: .ready, capsule: "tiny@2", isOnDisk: true), node.token, fixture)
        #expect(fixture.ledger.record(of: Self.mac)?.install?.capsule == "tiny@2")
        try fixture.ledger.flush()
        #expect(try fixture.store.nodes().first?.install?.capsule == "tiny@2")
    }
}

/// Exclude lists, place by place.
@Suite struct UpdateExcludeFilesTests {
    private func files(_ contents: [String: String]) throws -> UpdateExcludeFiles {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        for (name, text) in contents {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return UpdateExcludeFiles(directory: path)
    }

    private let scopes = FileScopes(node: "n001", groups: ["gpu"], capsule: "compute@3")

    @Test func theNearestComesFirst() throws {
        let files = try files([
            "all": "# everybody\n/opt/\n\n", "capsule/compute": "/c\n", "base/n": "/b\r\n", "group/gpu": "/g\n",
            "node/n001": "+ /opt/\n", "node/n002": "/other\n",
        ])
        #expect(try files.lines(for: scopes) == ["+ /opt/", "/g", "/b", "/c", "/opt/"])
        #expect(try UpdateExcludeFiles(directory: "/nonexistent").lines(for: scopes).isEmpty)
    }

    @Test func namesFileLineAndReasonOfAllThatIsWrong() throws {
        let files = try files(["all": "/opt/\n/x[\n", "node/n001": "../y\n"])
        do throws(UpdateExcludeFiles.Failure) {
            _ = try files.lines(for: scopes)
            Issue.record("they were taken")
        } catch {
            #expect(error.problems.count == 2)
            #expect(
                error.problems.first?.hasSuffix("node/n001:1: `../y` has an empty part, `.` or `..`, which no path has")
                    == true)
            #expect(error.problems.last?.hasSuffix("all:2: `/x[` has a `[` without its `]`") == true)
        }
    }
}
