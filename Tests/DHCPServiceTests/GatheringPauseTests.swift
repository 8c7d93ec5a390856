import Testing

@testable import DHCPService

@Suite("How long a loop gathers")
struct GatheringPauseTests {
    private var pause = GatheringPause(short: .microseconds(200), long: .milliseconds(1), storm: 20_000)

    @Test("below the rate of a storm the wait is short, less what the work took; at it the wait is long")
    mutating func lengths() {
        #expect(pause.rest(after: 1, elapsed: .microseconds(50)) == .microseconds(150))
        #expect(pause.rest(after: 3, elapsed: .microseconds(50)) == .microseconds(150))
        #expect(pause.rest(after: 4, elapsed: .microseconds(50)) == .microseconds(950))
    }

    @Test("a storm that goes on is one by what a long wait brings, and one that is over ends with the first look")
    mutating func ends() {
        _ = pause.rest(after: 4, elapsed: .zero)
        #expect(pause.rest(after: 20, elapsed: .zero) == .milliseconds(1))
        #expect(pause.rest(after: 19, elapsed: .zero) == .microseconds(200))
    }

    @Test("who is busy for longer than the wait does not wait, and many in a long time are no storm")
    mutating func busy() {
        #expect(pause.rest(after: 100, elapsed: .milliseconds(2)) == .zero)
        #expect(pause.rest(after: 19, elapsed: .milliseconds(2)) == .zero)
        #expect(pause.rest(after: 1, elapsed: .zero) == .microseconds(200))
    }
}
