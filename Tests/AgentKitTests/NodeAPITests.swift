import BootMachine
import BootProtocols
import FoundationEssentials
import Testing

@testable import AgentKit

@Suite struct NodeAPITests {
    static let limits = HTTPClient.Limits(connect: 1_000, idle: 500, answer: 2_000)
    static let plan = Plan(
        action: .diskless, nodeName: "n01", capsule: "small@1", handoff: .switch, servers: [], waitSeconds: 5,
        reasons: [])
    static let checkIn = CheckIn(
        phase: .stage1, mac: DHCPClientTests.mac, address: DHCPClientTests.address, kernelRelease: "6.1",
        kernelDigest: nil,
        inventory: Inventory(
            cpus: 1, memoryBytes: 1, firmware: "bios", uuid: nil, serial: nil, product: nil, uptimeMilliseconds: 1))

    private func reply(token: String) throws -> [UInt8] {
        Array(try JSONEncoder().encode(CheckInReply(attempt: 3, token: token, plan: Self.plan)))
    }

    @Test func changesItsTokenForTheRepliesToken() throws {
        let answer = try reply(token: "second")
        let server = try LoopbackServer { request in
            request.path == "/node/v1/check-in" ? .ok(answer) : .ok(Array("{}".utf8))
        }
        var api = NodeAPI(servers: [server.url], token: "first", limits: Self.limits)
        let got = try api.checkIn(Self.checkIn)
        #expect(got.attempt == 3)
        #expect(got.plan == Self.plan)
        // An answer that is no work is none.
        #expect(try api.report([AgentReport(kind: .progress, percent: 5)]) == nil)
        #expect(server.requests.map { $0.fields["authorization"] } == ["Bearer first", "Bearer second"])
        let sent = try JSONDecoder().decode([AgentReport].self, from: Data(server.requests[1].body))
        #expect(sent == [AgentReport(kind: .progress, percent: 5)])
        #expect(try JSONDecoder().decode(CheckIn.self, from: Data(server.requests[0].body)) == Self.checkIn)
    }

    @Test func returnsToTheBootTokenWhereTheNewerOneIsForgotten() throws {
        let answer = try reply(token: "second")
        let server = try LoopbackServer { request in
            request.fields["authorization"] == "Bearer first" ? .ok(answer) : .status(401, "unknown token")
        }
        var api = NodeAPI(servers: [server.url], token: "first", limits: Self.limits)
        _ = try api.checkIn(Self.checkIn)
        _ = try api.checkIn(Self.checkIn)
        #expect(
            server.requests.map { $0.fields["authorization"] }
                == ["Bearer first", "Bearer second", "Bearer first"])
    }

    @Test func knowsTheBootTokenAfterAKexec() throws {
        let answer = try reply(token: "third")
        let server = try LoopbackServer { request in
            request.fields["authorization"] == "Bearer first" ? .ok(answer) : .status(401, "unknown token")
        }
        var api = NodeAPI(servers: [server.url], token: "second", bootToken: "first", limits: Self.limits)
        _ = try api.checkIn(Self.checkIn)
        #expect(api.token == "third")
    }

    @Test func asksTheNextServerAndStaysWithIt() throws {
        let answer = try reply(token: "second")
        let gone = try LoopbackServer { _ in .rawThenClose([]) }
        gone.stop()
        let good = try LoopbackServer { _ in .ok(answer) }
        var api = NodeAPI(servers: [gone.url, good.url], token: "first", limits: Self.limits)
        _ = try api.checkIn(Self.checkIn)
        _ = try api.checkIn(Self.checkIn)
        #expect(good.requests.count == 2)
    }

    @Test(arguments: ["", "{}", "[]", "{\"attempt\":1,\"token\":\"a\\r\\nX: y\",\"plan\":null}", "\u{0}"])
    func refusesAReplyThatIsNone(text: String) throws {
        let server = try LoopbackServer { _ in .ok(Array(text.utf8)) }
        var api = NodeAPI(servers: [server.url], token: "first", limits: Self.limits)
        #expect(throws: NodeAPIError.self) { try api.checkIn(Self.checkIn) }
        #expect(api.token == "first")
    }

    @Test func takesNoTokenThatWouldBreakAHead() throws {
        let answer = try reply(token: "a\r\nX: y")
        let server = try LoopbackServer { _ in .ok(answer) }
        var api = NodeAPI(servers: [server.url], token: "first", limits: Self.limits)
        #expect(throws: NodeAPIError.self) { try api.checkIn(Self.checkIn) }
        #expect(api.token == "first")
    }

    @Test func asksForNoPathThatWouldBreakAHead() throws {
        let server = try LoopbackServer { _ in .ok([1]) }
        var api = NodeAPI(servers: [server.url], token: "first", limits: Self.limits)
        #expect(throws: NodeAPIError.self) { try api.manifest(of: "x HTTP/1.1\r\nX: y", limit: 100) }
        #expect(server.requests.isEmpty)
    }
}
