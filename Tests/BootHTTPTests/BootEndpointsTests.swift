import BootMachine
import BootProtocols
import Foundation
import Registry
import Testing

@testable import BootHTTP

@Suite struct BootEndpointsTests {
    private let script = "/boot/script/52-54-00-12-34-56.ipxe"

    @Test func loadersAreForEveryone() async throws {
        let fixture = try await EndpointsFixture()
        let answer = fixture.get("/boot//snponly.efi", from: EndpointsFixture.stranger)
        #expect(answer.status == 200 && answer.bytes == EndpointsFixture.loader)
        #expect(answer.contentType == "application/efi")
        #expect(fixture.get("/boot/stage1/vmlinuz").bytes == Array("kernel".utf8))
    }

    @Test func rangesAreAnsweredAsAskedFor() async throws {
        let fixture = try await EndpointsFixture()
        let part = fixture.get("/boot/snponly.efi", range: "bytes=100-199")
        #expect(part.status == 206 && part.bytes == Array(EndpointsFixture.loader[100..<200]))
        let head = String(decoding: AnswerHead(part, keepsAlive: true, date: "").bytes, as: UTF8.self)
        #expect(head.contains("\r\nContent-Range: bytes 100-199/10000\r\n"))
        #expect(head.contains("\r\nContent-Length: 100\r\n"))
        let none = fixture.get("/boot/snponly.efi", range: "bytes=10000-")
        #expect(none.status == 416 && none.headers.contains { $0 == ("Content-Range", "bytes */10000") })
    }

    @Test func whatTheClientHasIsNotSentAgain() async throws {
        let fixture = try await EndpointsFixture()
        let tag = try #require(fixture.get("/boot/snponly.efi").headers.first { $0.0 == "ETag" }?.1)
        let request = BootRequest(method: .get, target: "/boot/snponly.efi", client: nil, ifNoneMatch: "\"x\", \(tag)")
        let answer = fixture.endpoints.answer(request)
        #expect(answer.status == 304 && answer.bytes.isEmpty && answer.headers.contains { $0 == ("ETag", tag) })
        var part = BootRequest(method: .get, target: "/boot/snponly.efi", client: nil, range: "bytes=5-9", ifRange: tag)
        #expect(fixture.endpoints.answer(part).status == 206)
        part.ifRange = "\"of before\""
        #expect(fixture.endpoints.answer(part).bytes == EndpointsFixture.loader)
        try Data("another".utf8).write(to: URL(fileURLWithPath: fixture.path + "/loaders/snponly.efi"))
        #expect(fixture.endpoints.answer(request).status == 200)
    }

    @Test func aHeadIsOfTheWhole() async throws {
        let fixture = try await EndpointsFixture()
        let answer = fixture.get("/boot/snponly.efi", range: "bytes=5-9", method: .head)
        #expect(answer.status == 200 && answer.length == EndpointsFixture.loader.count)
    }

    @Test(arguments: ["/boot/../registry.sqlite", "/boot/stage1/../../registry.sqlite", "/boot/%2e%2e/x", "/registry"])
    func nothingElseIsServed(target: String) async throws {
        let fixture = try await EndpointsFixture()
        #expect(fixture.get(target).status == 404)
        // Of a machine's boot program its timeline tells.
        #expect(try fixture.events(.refused).count == (target.hasPrefix("/boot/") ? 1 : 0))
    }

    @Test func aLinkThatLeavesTheDirectoryIsNotFollowed() async throws {
        let fixture = try await EndpointsFixture()
        try FileManager.default.createSymbolicLink(
            atPath: fixture.path + "/loaders/out", withDestinationPath: "../registry.sqlite")
        #expect(fixture.get("/boot/out").status == 404)
        #expect(try fixture.events(.refused).count == 1)
    }

    @Test func theScriptIsForTheHolderOfTheLease() async throws {
        let fixture = try await EndpointsFixture()
        let mine = fixture.get(script)
        let text = String(decoding: mine.bytes, as: UTF8.self)
        #expect(mine.status == 200 && text.hasPrefix("#!ipxe\n"))
        #expect(text.contains("perseid.mac=52:54:00:12:34:56") && text.contains("console=ttyS0"))
        let foreign = fixture.get(script, from: EndpointsFixture.stranger)
        #expect(foreign.status == 403)
        #expect(!String(decoding: foreign.bytes, as: UTF8.self).contains("token"))
        #expect(try fixture.events(.refused).first?.detail.contains("10.0.0.6") == true)
    }

    @Test func aDisabledNodeGetsNoScript() async throws {
        let node = Node(mac: EndpointsFixture.mac, name: "n001", enabled: false)
        let fixture = try await EndpointsFixture(node: node)
        #expect(fixture.get(script).status == 403)
        #expect(try fixture.events(.refused).count == 1)
    }

    @Test func aBootRunsOnItsTokensAlone() async throws {
        let fixture = try await EndpointsFixture(building: true)
        let boot = try fixture.bootToken()
        #expect(try fixture.checkIn("1." + String(repeating: "0", count: 32)).status == 401)
        let answer = try fixture.checkIn(boot)
        let reply = try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes))
        #expect(reply.plan.action == .diskless && reply.plan.capsule == "tiny@1")
        #expect(reply.plan.handoff == .kexec, "this capsule's kernel is another one")

        let manifest = "/node/v1/capsules/tiny@1/manifest"
        #expect(fixture.get(manifest).status == 401)
        #expect(fixture.get(manifest, token: boot).status == 401, "the script's token fetches nothing")
        #expect(fixture.get(manifest, token: reply.token).status == 200)
        #expect(fixture.get("/node/v1/capsules/tiny@2/manifest", token: reply.token).status == 404)

        let report = [AgentReport(kind: .handingOff), AgentReport(kind: .ready, capsule: "tiny@1")]
        #expect(try fixture.post("/node/v1/report", report, token: boot).status == 401)
        #expect(try fixture.post("/node/v1/report", report, token: reply.token).status == 204)
        #expect(fixture.ledger.attempt(of: EndpointsFixture.mac)?.state == .ready)
        #expect(try fixture.checkIn(boot).status == 401, "the handoff spends the script's token")
    }

    @Test func whatABootReadsFirstIsKeptOnce() async throws {
        let fixture = try await EndpointsFixture(building: true)
        let answer = try fixture.checkIn(fixture.bootToken())
        let token = try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes)).token
        let path = "/node/v1/capsules/tiny@1/trace"
        #expect(fixture.get(path).status == 401)
        #expect(fixture.get(path, token: token).status == 204)
        let other = BootTrace(capsule: "tiny@2", chunks: [0])
        #expect(try fixture.post("/node/v1/trace", other, token: token).status == 403)
        #expect(try fixture.post("/node/v1/trace", ["x"], token: token).status == 400)
        for chunks in [[0, 99_999, -1, 0], [1]] {
            let trace = BootTrace(capsule: "tiny@1", chunks: chunks)
            #expect(try fixture.post("/node/v1/trace", trace, token: token).status == 204)
        }
        let kept = fixture.get(path, token: token)
        #expect(kept.status == 200 && kept.bytes == Array("[0]".utf8), "what is no chunk is left out")
    }

    @Test func aTokenSpeaksForItsOwnNode() async throws {
        let fixture = try await EndpointsFixture()
        let token = try fixture.bootToken()
        #expect(try fixture.checkIn(token, mac: MACAddress(value: 1)).status == 401)
        #expect(try fixture.events(.refused).count == 1)
    }

    @Test func aCapsuleThatIsNotThereIsTheReasonToWait() async throws {
        let fixture = try await EndpointsFixture()
        let answer = try fixture.checkIn(try fixture.bootToken())
        let plan = try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes)).plan
        #expect(plan.action == .wait && plan.reasons.first?.contains("tiny") == true)
    }

    @Test func anAgentMaySayWhatAgentsSay() async throws {
        let fixture = try await EndpointsFixture()
        let reply = try fixture.checkIn(try fixture.bootToken())
        let token = try JSONDecoder().decode(CheckInReply.self, from: Data(reply.bytes)).token
        #expect(try fixture.post("/node/v1/report", [AgentReport(kind: .leased)], token: token).status == 400)
        let many = [AgentReport](repeating: AgentReport(kind: .progress), count: 65)
        #expect(try fixture.post("/node/v1/report", many, token: token).status == 400)
        #expect(try fixture.post("/node/v1/report", ["nonsense"], token: token).status == 400)
        #expect(fixture.ledger.attempt(of: EndpointsFixture.mac)?.state == .`init`)
    }

    @Test func methodsFitTheirTargets() async throws {
        let fixture = try await EndpointsFixture()
        #expect(fixture.get("/node/v1/report").status == 405)
        #expect(fixture.get("/boot/snponly.efi", method: .post).status == 405)
        #expect(fixture.get(script, method: .head).status == 200)
        #expect(fixture.ledger.attempt(of: EndpointsFixture.mac) == nil, "a HEAD begins no attempt")
    }
}
