import Testing

@testable import AgentKit

@Suite struct TransferPaceTests {
    @Test func holdsALimitOverAllRequests() {
        var pace = TransferPace(bytesPerSecond: 1_000_000)
        // The first goes at once and is paid for by those behind it.
        #expect(pace.take(500_000, at: 0) == 0)
        #expect(pace.take(500_000, at: 0) == 500)
        #expect(pace.take(500_000, at: 100) == 900)
        // A pause saves nothing up.
        #expect(pace.take(1, at: 60_000) == 0)
        #expect(pace.take(1_000_000, at: 60_000) == 0)
        #expect(pace.take(1, at: 60_000) == 1_000)
    }

    @Test func asksForShorterRangesWhereTheLimitIsLow() {
        #expect(TransferPace(bytesPerSecond: nil).rangeLength(atMost: 2 << 20) == 2 << 20)
        #expect(TransferPace(bytesPerSecond: 100 << 20).rangeLength(atMost: 2 << 20) == 2 << 20)
        #expect(TransferPace(bytesPerSecond: 1 << 20).rangeLength(atMost: 2 << 20) == 256 << 10)
        #expect(TransferPace(bytesPerSecond: 1).rangeLength(atMost: 2 << 20) == 64 << 10)
    }

    @Test(arguments: [Int64.min, 0, 1, Int64.max])
    func survivesAnyLimit(bytesPerSecond: Int64) {
        var pace = TransferPace(bytesPerSecond: bytesPerSecond)
        _ = pace.take(Int.max, at: 0)
        _ = pace.take(-1, at: 0)
        #expect(pace.take(1, at: 0) >= 0)
    }
}
