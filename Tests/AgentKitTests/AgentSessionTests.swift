import BootMachine
import BootProtocols
import FoundationEssentials
import Synchronization
import Testing

@testable import AgentKit

@Suite struct AgentSessionTests {
    @Test func tellsInOrderOnceTheServerIsBack() throws {
        let isBack = Mutex(false)
        let server = try LoopbackServer { _ in
            isBack.withLock { $0 } ? .ok(Array("{}".utf8)) : .status(503, "starting")
        }
        var session = AgentSession(
            api: NodeAPI(servers: [server.url], token: "t", limits: NodeAPITests.limits), console: Console())
        session.report(AgentReport(kind: .chunkRejected, detail: "one"))
        session.report(AgentReport(kind: .transferResumed, detail: "two"))
        #expect(session.undelivered.map(\.detail) == ["one", "two"])
        isBack.withLock { $0 = true }
        session.deliver(within: 5_000)
        #expect(session.undelivered.isEmpty)
        let last = try #require(server.requests.last)
        #expect(try JSONDecoder().decode([AgentReport].self, from: Data(last.body)).map(\.detail) == ["one", "two"])
    }

    @Test func dropsWhatTheServerWillNeverTake() throws {
        let server = try LoopbackServer { request in
            request.number == 0 ? .status(400, "no such kind") : .ok(Array("{}".utf8))
        }
        var session = AgentSession(
            api: NodeAPI(servers: [server.url], token: "t", limits: NodeAPITests.limits), console: Console())
        session.report(AgentReport(kind: .handingOff, detail: "bad"))
        #expect(session.undelivered.isEmpty)
        session.report(AgentReport(kind: .ready, detail: "good"))
        #expect(session.undelivered.isEmpty)
        #expect(server.requests.count == 2)
    }

    @Test func keepsReportsThatTheTokenIsTooOldFor() throws {
        let server = try LoopbackServer { _ in .status(401, "unknown token") }
        var session = AgentSession(
            api: NodeAPI(servers: [server.url], token: "t", limits: NodeAPITests.limits), console: Console())
        session.report(AgentReport(kind: .ready))
        #expect(session.undelivered.count == 1)
    }
}
