import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import Foundation
import Registry
import Testing

@testable import BootHTTP

/// The nodes' own files over the endpoints: for the agent of this boot attempt, and for nobody else.
@Suite struct LayerEndpointTests {
    private static let path = "/node/v1/layer/52:54:00:12:34:56"

    private func fixture() async throws -> EndpointsFixture {
        let fixture = try await EndpointsFixture(building: true)
        let directory = fixture.path + "/nodefiles/node/n001/etc/munge"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("a secret".utf8).write(to: URL(fileURLWithPath: directory + "/munge.key"))
        return fixture
    }

    private func checkIn(_ fixture: EndpointsFixture, _ token: String, key: LayerKey) throws -> BootAnswer {
        let inventory = Inventory(
            cpus: 2, memoryBytes: 1 << 30, firmware: "bios", uuid: nil, serial: nil, product: "test",
            uptimeMilliseconds: 1)
        let message = CheckIn(
            phase: .stage1, mac: EndpointsFixture.mac, address: EndpointsFixture.address, kernelRelease: "1.0",
            kernelDigest: "aa", inventory: inventory, layerKey: key.publicKey)
        return try fixture.post("/node/v1/check-in", message, token: token)
    }

    private func reply(_ answer: BootAnswer) throws -> CheckInReply {
        try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes))
    }

    @Test func isSealedForTheAgentThatCheckedIn() async throws {
        let fixture = try await fixture()
        let key = LayerKey()
        let reply = try reply(checkIn(fixture, fixture.bootToken(), key: key))
        let answer = fixture.get(Self.path, token: reply.token)
        #expect(answer.status == 200)
        #expect(Data(answer.bytes).firstRange(of: Data("a secret".utf8)) == nil)
        let sealed = try JSONDecoder().decode(SealedLayer.self, from: Data(answer.bytes))
        var keys = TrustedKeys()
        for file in try fixture.capsules.publicKeys() { try keys.add(publicKeyFile: file.file) }
        let recipient = SealedLayer.Recipient(attempt: reply.attempt, mac: EndpointsFixture.mac.description)
        let layer = try sealed.open(for: recipient, with: key, trusting: keys)
        #expect(layer.files.map(\.path) == ["/etc/munge/munge.key"])
        #expect(layer.files.map { String(decoding: $0.contents, as: UTF8.self) } == ["a secret"])
    }

    @Test func anotherNodesTokenIsForbidden() async throws {
        let fixture = try await fixture()
        let reply = try reply(checkIn(fixture, fixture.bootToken(), key: LayerKey()))
        #expect(fixture.get("/node/v1/layer/52:54:00:12:34:57", token: reply.token).status == 403)
        #expect(fixture.get(Self.path, token: nil).status == 401)
        #expect(fixture.get(Self.path, token: "1.\(String(repeating: "0", count: 32))").status == 401)
        #expect(try fixture.events(.refused).contains { $0.detail.contains("52:54:00:12:34:57") })
    }

    @Test func aSecondKeyOfAnAttemptIsRefused() async throws {
        let fixture = try await fixture()
        let token = try fixture.bootToken()
        let first = LayerKey()
        #expect(try checkIn(fixture, token, key: first).status == 200)
        #expect(try checkIn(fixture, token, key: LayerKey()).status == 403)
        #expect(try checkIn(fixture, token, key: first).status == 200)
        #expect(try fixture.events(.refused).contains { $0.detail.contains("another key") })
    }

    @Test func theRuntimeSystemGetsNothing() async throws {
        let fixture = try await fixture()
        let reply = try reply(checkIn(fixture, fixture.bootToken(), key: LayerKey()))
        let report = [AgentReport(kind: .handingOff, detail: "over")]
        #expect(try fixture.post("/node/v1/report", report, token: reply.token).status == 204)
        #expect(fixture.get(Self.path, token: reply.token).status == 403)
    }

    @Test func aNodeWithoutFilesHasNone() async throws {
        let fixture = try await EndpointsFixture(building: true)
        let reply = try reply(checkIn(fixture, fixture.bootToken(), key: LayerKey()))
        #expect(fixture.get(Self.path, token: reply.token).status == 204)
    }

    /// The node's own before its groups' in their order, these before what they inherit from, that before what all have.
    @Test func groupsTakePart() async throws {
        let fixture = try await EndpointsFixture(
            node: Node(mac: EndpointsFixture.mac, name: "n001", capsule: "tiny", groups: ["gpu", "rack1"]),
            building: true)
        let groups = [
            NodeGroup(name: "compute"), NodeGroup(name: "gpu", parents: ["compute"]), NodeGroup(name: "rack1"),
            NodeGroup(name: "rack2"),
        ]
        try fixture.edit(groups.map { .group(from: nil, to: $0) })
        let files = [
            "all/etc/motd": "all", "group/compute/etc/motd": "compute", "group/rack1/etc/motd": "rack1",
            "group/gpu/etc/motd": "gpu", "group/rack2/etc/other": "not ours",
            "group/rack1/etc/issue": "rack1", "group/compute/etc/issue": "compute", "all/etc/issue": "all",
            "group/compute/etc/profile": "compute", "all/etc/profile": "all",
            "node/n001/etc/hostname": "n001", "group/gpu/etc/hostname": "gpu",
            "group/gpu/etc/groups.mustache": "{{#groups}}{{.}} {{/groups}}",
        ]
        for (name, text) in files {
            let url = URL(fileURLWithPath: "\(fixture.path)/nodefiles/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let key = LayerKey()
        let reply = try reply(checkIn(fixture, fixture.bootToken(), key: key))
        let answer = fixture.get(Self.path, token: reply.token)
        let sealed = try JSONDecoder().decode(SealedLayer.self, from: Data(answer.bytes))
        var keys = TrustedKeys()
        for file in try fixture.capsules.publicKeys() { try keys.add(publicKeyFile: file.file) }
        let recipient = SealedLayer.Recipient(attempt: reply.attempt, mac: EndpointsFixture.mac.description)
        let layer = try sealed.open(for: recipient, with: key, trusting: keys)
        let texts = layer.files.map { "\($0.path) \(String(decoding: $0.contents, as: UTF8.self))" }
        #expect(
            texts == [
                "/etc/groups gpu compute rack1 ", "/etc/hostname n001", "/etc/issue compute", "/etc/motd gpu",
                "/etc/profile compute",
            ])
    }
}
