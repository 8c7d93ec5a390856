import Testing

@testable import StormKit

struct TimerWheelTests {
    private func due(_ wheel: inout TimerWheel, at now: Int64) -> [Int] {
        var nodes: [Int] = []
        wheel.takeDue(at: now) { nodes.append($0.node) }
        return nodes
    }

    @Test func entriesComeAfterTheirTimeAndOnce() {
        var wheel = TimerWheel(slotLength: 10)
        wheel.set(.init(node: 1, deadline: 25))
        wheel.set(.init(node: 2, deadline: 7))
        #expect(due(&wheel, at: 9) == [])
        #expect(due(&wheel, at: 10) == [2])
        #expect(due(&wheel, at: 29) == [])
        #expect(due(&wheel, at: 30) == [1])
        #expect(due(&wheel, at: 1000) == [])
        #expect(wheel.count == 0)
    }

    @Test func deadlinesPastOneTurnWait() {
        var wheel = TimerWheel(slotLength: 1)
        wheel.set(.init(node: 1, deadline: 5000))
        for now in stride(from: 0, through: 5000, by: 100) { #expect(due(&wheel, at: Int64(now)) == []) }
        #expect(due(&wheel, at: 5001) == [1])
    }

    @Test func aLongPauseLosesNothing() {
        var wheel = TimerWheel(slotLength: 1)
        for node in 0..<3000 { wheel.set(.init(node: node, deadline: Int64(node))) }
        #expect(due(&wheel, at: 100_000).sorted() == Array(0..<3000))
    }

    @Test func aDeadlineInThePastIsDueSoon() {
        var wheel = TimerWheel(slotLength: 10)
        #expect(due(&wheel, at: 500) == [])
        wheel.set(.init(node: 4, deadline: 3))
        #expect(due(&wheel, at: 510) == [4])
    }
}
