import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import DiskLayout
import Foundation
import PacketIO
import Registry
import RegistrySQLite
import Testing

@testable import BootHTTP

/// A node's way onto its own disk, as the server sees it.
@Suite struct InstallOrdersTests {
    private static let layout = DiskLayout(
        disks: [
            Disk(name: "a", selector: DiskSelector(), label: .gpt, partitions: [Partition(number: 1, size: .rest)])
        ], fileSystems: [FileSystem(device: .partition(disk: "a", number: 1), mountPoint: "/", kind: .ext4)])

    private func fixture(asking: Int = 1, withLayout: Bool = true) async throws -> EndpointsFixture {
        let fixture = try await EndpointsFixture(building: true) { _, _ in
            guard withLayout else { throw NoLayouts() }
            return Self.layout
        }
        for _ in 0..<asking { try change(.askInstall(EndpointsFixture.mac, at: 1), fixture) }
        return fixture
    }

    /// As the command line does, which is another process.
    private func change(_ change: Change, _ fixture: EndpointsFixture) throws {
        try SQLiteStore(path: fixture.path + "/registry.sqlite").write([change])
        try fixture.ledger.tick(at: 1)
    }

    private func reply(_ answer: BootAnswer) throws -> CheckInReply {
        try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes))
    }

    private func order(_ reply: CheckInReply, _ fixture: EndpointsFixture) throws -> InstallOrder {
        let signed = try JSONDecoder().decode(SignedOrder.self, from: Data(try #require(reply.plan.install).utf8))
        var keys = TrustedKeys()
        for key in try fixture.capsules.publicKeys() { try keys.add(publicKeyFile: key.file) }
        let mac = EndpointsFixture.mac.description
        #expect(throws: LayerError.self) {
            _ = try signed.open(for: .init(attempt: reply.attempt, mac: "52:54:00:00:00:01"), trusting: keys)
        }
        #expect(throws: LayerError.self) {
            _ = try signed.open(for: .init(attempt: reply.attempt + 1, mac: mac), trusting: keys)
        }
        #expect(throws: LayerError.self) {
            _ = try signed.open(for: .init(attempt: reply.attempt, mac: mac), trusting: TrustedKeys())
        }
        let bytes = try signed.open(for: .init(attempt: reply.attempt, mac: mac), trusting: keys)
        return try JSONDecoder().decode(InstallOrder.self, from: Data(bytes))
    }

    @Test func anOrderCarriesWhatItsAdminWants() async throws {
        let fixture = try await fixture(asking: 0)
        let wishes = InstallWishes(afterwards: .command("/bin/true 'a b'"), breakpoints: [.fetch, .finish])
        try change(.askInstall(EndpointsFixture.mac, at: 1, wishes), fixture)
        let answer = try reply(try fixture.checkIn(try fixture.bootToken()))
        #expect(try order(answer, fixture).wishes == wishes)
        // The next order is a new one.
        try change(.askInstall(EndpointsFixture.mac, at: 2), fixture)
        #expect(fixture.ledger.record(of: EndpointsFixture.mac)?.install?.wishes == InstallWishes())
    }

    private func report(_ number: Int64?, _ token: String, _ fixture: EndpointsFixture) throws -> Int {
        let report = AgentReport(
            kind: .installed, percent: 100, detail: "installed", capsule: "tiny@1", install: number)
        return try fixture.post("/node/v1/report", [report], token: token).status
    }

    @Test func ordersSignsFlipsAndKnowsTheMachineAgain() async throws {
        let fixture = try await fixture()
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        #expect(first.plan.action == .disk && first.plan.capsule == "tiny@1")
        let order = try order(first, fixture)
        #expect(order.number == 1 && order.layout == Self.layout && order.machineID.utf8.count == 32)

        #expect(try report(1, first.token, fixture) == 204)
        let install = try #require(try fixture.store.nodes().first?.install)
        #expect(install.isDone && install.capsule == "tiny@1" && install.credential != nil)
        #expect(try fixture.events(.installed).count == 1)
        // An answer that got lost: the same again says nothing new.
        #expect(try report(1, first.token, fixture) == 204)
        #expect(try fixture.events(.installed).count == 1)

        let script = String(decoding: fixture.get("/boot/script/52-54-00-12-34-56.ipxe").bytes, as: UTF8.self)
        #expect(script.contains("sanboot") && !script.contains("token") && !script.contains("vmlinuz"))
        for name in ["/boot/pxelinux.cfg/01-52-54-00-12-34-56", "/boot/grub/grub.cfg"] {
            #expect(!String(decoding: fixture.get(name).bytes, as: UTF8.self).contains("token"))
        }

        #expect(
            try fixture.checkIn("\(first.attempt).0123456789abcdef0123456789abcdef", phase: .installed).status == 401)
        let again = try reply(try fixture.checkIn(order.credential, phase: .installed))
        #expect(again.plan.action == .local && again.token != order.credential)
        #expect(
            try fixture.post(
                "/node/v1/report", [AgentReport(kind: .ready, detail: "running", capsule: "tiny@1")], token: again.token
            ).status == 204)
        #expect(fixture.ledger.record(of: EndpointsFixture.mac)?.state == .ready)
    }

    @Test func aSecondWishIsANewOrder() async throws {
        let fixture = try await fixture(asking: 2)
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        #expect(try order(first, fixture).number == 2)
        #expect(try report(2, first.token, fixture) == 204)
        try change(.askInstall(EndpointsFixture.mac, at: 2), fixture)
        #expect(try #require(try fixture.store.nodes().first?.install).isDue)
        #expect(try !fixture.bootToken().isEmpty, "it boots stage 1 again")
        try change(.forgetInstall(EndpointsFixture.mac), fixture)
        #expect(try reply(try fixture.checkIn(try fixture.bootToken())).plan.action == .diskless)
    }

    @Test func aNextBootInstallsOrLeavesTheDiskAlone() async throws {
        let fixture = try await fixture(asking: 0)
        var node = try #require(fixture.ledger.record(of: EndpointsFixture.mac)?.node)
        node.nextBoot = NextBoot(.install, .once)
        try change(.node(node), fixture)
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        #expect(first.plan.action == .disk)
        #expect(try order(first, fixture).number == 1)
        #expect(try report(1, first.token, fixture) == 204)
        let script = String(decoding: fixture.get("/boot/script/52-54-00-12-34-56.ipxe").bytes, as: UTF8.self)
        #expect(script.contains("sanboot") && !script.contains("vmlinuz"), "it was carried out")

        node.nextBoot = NextBoot(.capsule("tiny@1"), .always)
        try change(.node(node), fixture)
        fixture.ledger.record(BootEvent(node: EndpointsFixture.mac, kind: .discovered, at: wallMilliseconds() + 60_000))
        #expect(try reply(try fixture.checkIn(try fixture.bootToken())).plan.action == .diskless)
        #expect(try fixture.store.nodes().first?.install?.isDone == true)
    }

    @Test func waitsWithoutALayoutAndSaysWhy() async throws {
        let fixture = try await fixture(withLayout: false)
        let plan = try reply(try fixture.checkIn(try fixture.bootToken())).plan
        #expect(plan.action == .wait && plan.install == nil)
        #expect(plan.reasons.first?.contains("this server has no disk layouts") == true)
        #expect(try fixture.events(.refused).count == 1)
    }

    @Test(arguments: [nil, 0, 2, 99] as [Int64?])
    func takesNoReportOfWhatNobodyAskedFor(number: Int64?) async throws {
        let fixture = try await fixture()
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        _ = try report(number, first.token, fixture)
        #expect(try fixture.store.nodes().first?.install?.isDue == true)
        #expect(try fixture.events(.installed).isEmpty)
    }

    @Test func aNodeThatNobodyAskedForStaysDiskless() async throws {
        let fixture = try await fixture(asking: 0)
        let first = try reply(try fixture.checkIn(try fixture.bootToken()))
        #expect(first.plan.action == .diskless)
        _ = try report(1, first.token, fixture)
        #expect(try fixture.store.nodes().first?.install == nil)
        #expect(try fixture.checkIn(first.token, phase: .installed).status == 401)
    }
}
