import BootProtocols
import Testing

@testable import LinkWatch

struct ProbeQueueTests {
    @Test("addresses that nobody answered for make room two seconds after they were asked about")
    func lapse() {
        var queue = ProbeQueue()
        for number in 0..<8192 { _ = queue.add(IPv4Address(value: UInt32(number)), at: 0) }
        #expect(queue.count == 8192)
        let isAddedTooSoon = queue.add(IPv4Address(value: 9000), at: 0)
        #expect(!isAddedTooSoon && queue.dropped == 1)
        var now: Int64 = 0
        var asked: Set<IPv4Address> = []
        while let deadline = queue.deadline {
            now = max(now, deadline)
            asked.formUnion(queue.due(at: now))
        }
        #expect(asked.count == 8192 && now >= 4000 && queue.count < 8192)
        let isAdded = queue.add(IPv4Address(value: 9000), at: now + 2000)
        #expect(isAdded && queue.count == 1)
    }

    @Test("a clock that is set back keeps no address waiting")
    func clockSetBack() {
        var queue = ProbeQueue()
        _ = queue.add(IPv4Address(value: 1), at: 1_000_000)
        let asked = queue.due(at: 1_000_000)
        #expect(asked == [IPv4Address(value: 1)])
        let isAdded = queue.add(IPv4Address(value: 2), at: 0)
        #expect(isAdded && queue.count == 1)
    }
}
