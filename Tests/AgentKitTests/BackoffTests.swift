import AgentKit
import Testing

@Suite struct BackoffTests {
    @Test func doublesUpToItsLimit() {
        var backoff = Backoff(first: 2_000, limit: 60_000)
        #expect(
            (0..<8).map { _ in backoff.next(spread: 0) } == [
                2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
            ])
        #expect(backoff.failures == 8)
        backoff.reset()
        #expect(backoff.next(spread: 0) == 2_000)
    }

    @Test func spreadsByAQuarterAtMost() {
        for spread in [-5, 0, 0.5, 1, 7] {
            var backoff = Backoff(first: 4_000, limit: 60_000)
            #expect((3_000...4_000).contains(backoff.next(spread: spread)))
        }
    }

    @Test func neverOverflows() {
        var backoff = Backoff(first: .max / 2, limit: .max)
        for _ in 0..<200 { #expect(backoff.next(spread: 1) > 0) }
    }
}
