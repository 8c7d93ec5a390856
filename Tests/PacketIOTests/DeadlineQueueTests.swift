import PacketIO
import Testing

@Suite struct DeadlineQueueTests {
    private struct Entry: Deadlined, Hashable, Sendable {
        var deadline: Int64
    }

    @Test func givesEntriesByTimeWhateverTheirOrder() {
        var queue = DeadlineQueue((0..<50).map { Entry(deadline: Int64(($0 * 37) % 50)) })
        for number in 0..<50 { queue.insert(Entry(deadline: Int64((number * 13) % 50))) }
        var times: [Int64] = []
        while let entry = queue.first {
            times.append(entry.deadline)
            queue.removeFirst()
        }
        #expect(times == times.sorted())
        #expect(times.count == 100)
        queue.removeFirst()
        #expect(queue.count == 0)
    }

    @Test func keepsWhatIsCurrentOnce() {
        var queue = DeadlineQueue([5, 3, 5, 9, 1].map { Entry(deadline: $0) })
        queue.keep { $0.deadline > 1 }
        #expect(queue.count == 3)
        #expect(queue.first?.deadline == 3)
    }
}
