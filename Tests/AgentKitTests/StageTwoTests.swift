import BootMachine
import FoundationEssentials
import Synchronization
import Testing

@testable import AgentKit

/// A node that is up, and gets work from its server.
@Suite struct StageTwoTests {
    /// What the server heard, and what it orders in its answers.
    private final class Orders: Sendable {
        struct State {
            var reports: [AgentReport] = []
            var work: AgentWork?
        }

        let state = Mutex(State())

        func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
            let reports = (try? JSONDecoder().decode([AgentReport].self, from: Data(request.body))) ?? []
            return state.withLock { state in
                state.reports += reports
                guard let work = state.work, let bytes = try? JSONEncoder().encode(work) else { return .ok([]) }
                return .ok(Array(bytes))
            }
        }

        var reports: [AgentReport] { state.withLock { $0.reports } }

        func count(_ kind: BootEvent.Kind) -> Int { reports.count { $0.kind == kind } }

        /// What was said of the end of a sync.
        func outcome(of work: AgentWork) -> AgentReport? { reports.first { $0.detail.hasPrefix(work.mark) } }

        func order(_ work: AgentWork) { state.withLock { $0.work = work } }
    }

    private static let first = AgentWork(id: 1, livesync: "compute@2")
    private static let second = AgentWork(id: 2, livesync: "compute@3")

    private func settings(_ server: LoopbackServer) -> StageTwoSettings {
        StageTwoSettings(
            servers: [server.url], token: "t", nodeName: "n001", capsule: "compute@1", intervalSeconds: 1,
            interface: "lo", lease: nil, undelivered: [])
    }

    /// Lets time pass, for the node as fast as it will, until something is so.
    private func pass(_ stage: inout StageTwo, until isSo: () -> Bool) {
        var now = BootClock.milliseconds()
        // A minute by the clock, so that a defect ends the test.
        for _ in 0..<6_000 where !isSo() {
            stage.turn(at: now)
            now += 1_000
            BootClock.sleep(milliseconds: 10)
        }
    }

    @Test func heartbeatsGoOnWhileItSyncs() throws {
        let orders = Orders()
        let server = try LoopbackServer { orders.answer($0) }
        let scratch = try ScratchDirectory()
        // Ends only once the server has heard three heartbeats more than when it began.
        var stage = StageTwo(settings(server), keptIn: scratch.path) { (work, tell) throws(StepFailure) in
            let capsule = work.capsule
            tell(SyncProgress("fetching \(capsule)", percent: 40))
            let before = orders.count(.heartbeat)
            for _ in 0..<6_000 {
                let isKnown = orders.reports.contains { $0.detail == "livesync: fetching compute@2" }
                if isKnown && orders.count(.heartbeat) >= before + 3 {
                    return SyncOutcome(capsule: capsule, content: "c2", isWhole: true, summary: "7 changes made")
                }
                BootClock.sleep(milliseconds: 10)
            }
            throw StepFailure(.transfer, TransferFailure.noServer)
        }
        orders.order(Self.first)
        pass(&stage, until: { orders.outcome(of: Self.first) != nil })
        let outcome = try #require(orders.outcome(of: Self.first))
        #expect(outcome.detail == Self.first.mark + "7 changes made")
        #expect(outcome.percent == 100)
        #expect(orders.reports.contains { $0.percent == 40 && $0.kind == .progress })
        // What runs now is told, and kept for an agent that is started again.
        #expect(orders.reports.contains { $0.kind == .ready && $0.capsule == "compute@2" && $0.content == "c2" })
        let kept = try SmallFile.read(scratch.path + "/agent.json", limit: 1 << 16)
        #expect(try JSONBytes.decode(StageTwoSettings.self, from: kept).capsule == "compute@2")
    }

    @Test func anOrderThatComesMeanwhileWaits() throws {
        let orders = Orders()
        let server = try LoopbackServer { orders.answer($0) }
        let scratch = try ScratchDirectory()
        let running = Mutex(0)
        let most = Mutex(0)
        var stage = StageTwo(settings(server), keptIn: scratch.path) { (work, tell) throws(StepFailure) in
            let capsule = work.capsule
            let now = running.withLock {
                $0 += 1
                return $0
            }
            most.withLock { $0 = max($0, now) }
            defer { running.withLock { $0 -= 1 } }
            orders.order(Self.second)
            let before = orders.count(.heartbeat)
            for _ in 0..<6_000 where orders.count(.heartbeat) < before + 2 { BootClock.sleep(milliseconds: 10) }
            if capsule == "compute@2" { throw StepFailure(.transfer, TransferFailure.noServer) }
            return SyncOutcome(capsule: capsule, content: "c3", isWhole: false, summary: "a reboot is needed")
        }
        orders.order(Self.first)
        pass(&stage, until: { orders.outcome(of: Self.second) != nil })
        #expect(most.withLock { $0 } == 1)
        let failed = try #require(orders.outcome(of: Self.first))
        #expect(failed.percent == 0)
        #expect(failed.detail.hasPrefix(Self.first.mark + "failed: transfer: "))
        #expect(try #require(orders.outcome(of: Self.second)).percent == 99)
        // Each order is carried out once, however often the server repeats it.
        let told = orders.reports.count
        pass(&stage, until: { orders.reports.count >= told + 3 })
        #expect(orders.reports.count { $0.detail.hasPrefix(Self.second.mark) } == 1)
        // Not wholly there: what runs is still the first.
        #expect(orders.reports.last?.capsule == "compute@1")
    }
}
