import AgentKit
import BootMachine
import Testing

@Suite struct ReportQueueTests {
    private func progress(_ percent: Int) -> AgentReport { AgentReport(kind: .progress, percent: percent) }

    @Test func keepsOnlyTheNewestOfTransientReports() {
        var queue = ReportQueue()
        for percent in 1...50 { queue.add(progress(percent), transient: true) }
        #expect(queue.waiting.map(\.percent) == [50])
        queue.add(AgentReport(kind: .chunkRejected))
        queue.add(progress(51), transient: true)
        queue.add(AgentReport(kind: .heartbeat), transient: true)
        queue.add(AgentReport(kind: .heartbeat), transient: true)
        #expect(queue.waiting.map(\.kind) == [.progress, .chunkRejected, .progress, .heartbeat])
    }

    @Test func sendsProgressAtMostTwiceASecond() {
        var queue = ReportQueue()
        var sent = 0
        for now in Int64(0)..<10_000 {
            queue.add(progress(Int(now) / 100), transient: true)
            guard let due = queue.due(at: now) else { continue }
            queue.sent(due.count, at: now)
            sent += 1
        }
        #expect(sent == 20)
    }

    @Test func sendsWhatMattersAtOnce() {
        var queue = ReportQueue()
        queue.add(progress(1), transient: true)
        queue.sent(queue.due(at: 0)?.count ?? 0, at: 0)
        queue.add(progress(2), transient: true)
        #expect(queue.due(at: 10) == nil)
        queue.add(AgentReport(kind: .transferResumed))
        #expect(queue.due(at: 10)?.map(\.kind) == [.progress, .transferResumed])
    }

    @Test func keepsWhatDidNotArriveAndWaitsLongerEachTime() {
        var queue = ReportQueue()
        queue.add(AgentReport(kind: .failed, detail: "why"))
        queue.failed(at: 0, spread: 0)
        #expect(queue.due(at: 999) == nil)
        #expect(queue.due(at: 999, urgently: true)?.count == 1)
        #expect(queue.due(at: 1_000)?.count == 1)
        queue.failed(at: 1_000, spread: 0)
        #expect(queue.due(at: 2_999) == nil)
        queue.sent(1, at: 3_000)
        #expect(queue.isEmpty)
        #expect(queue.failures == 0)
    }

    @Test func tellsARepeatedFailureOnce() {
        var queue = ReportQueue()
        for detail in ["a", "a", "b", "a"] { queue.add(AgentReport(kind: .failed, detail: detail)) }
        #expect(queue.waiting.map(\.detail) == ["a", "b", "a"])
    }

    @Test func holdsABoundedNumber() {
        var queue = ReportQueue()
        for number in 0..<1_000 { queue.add(AgentReport(kind: .failed, detail: "\(number)")) }
        #expect(queue.waiting.count == ReportQueue.limit)
        #expect(queue.waiting.last?.detail == "999")
    }

    @Test func sendsNoMoreAtOnceThanTheServerTakes() {
        var queue = ReportQueue()
        for number in 0..<70 { queue.add(AgentReport(kind: .failed, detail: "\(number)")) }
        var batches: [Int] = []
        while let due = queue.due(at: 0) {
            batches.append(due.count)
            queue.sent(due.count, at: 0)
        }
        #expect(batches == [32, 32, 6])
    }

    @Test func tellsAnOldFailureAsHistory() {
        var queue = ReportQueue()
        queue.add(AgentReport(kind: .failed, detail: "no carrier"))
        queue.turnFailuresIntoHistory()
        #expect(queue.waiting == [AgentReport(kind: .progress, detail: "earlier: no carrier")])
    }
}
