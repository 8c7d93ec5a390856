import Testing

@testable import StormKit

struct LatencyHistogramTests {
    @Test func percentilesOfKnownDurations() {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.record(Int64(value) * 1000) }
        for percent in [1.0, 50, 90, 99, 99.9] {
            let exact = percent / 100 * 10_000_000
            let read = Double(histogram.percentile(percent))
            #expect(read >= exact && read <= exact * (1 + 1.0 / 64), "p\(percent): \(read)")
        }
        #expect(histogram.percentile(100) == 10_000_000)
        #expect(histogram.maximum == 10_000_000)
    }

    @Test func smallValuesAreExact() {
        for value in 0...63 as ClosedRange<Int64> {
            var histogram = LatencyHistogram()
            histogram.record(value)
            histogram.record(1 << 30)
            #expect(histogram.percentile(50) == value)
        }
    }

    @Test(arguments: [0, 63, 64, 65, 127, 128, 4095, 4096, 1 << 39, (1 << 40) - 1, 1 << 40, Int64.max, -5] as [Int64])
    func anyValueFindsABucket(_ value: Int64) {
        var histogram = LatencyHistogram()
        histogram.record(value)
        #expect(histogram.count == 1)
        let read = histogram.percentile(50)
        let expected = min(max(0, value), (1 << 40) - 1)
        #expect(read >= min(expected, max(0, histogram.maximum)) && Double(read) <= Double(expected) * (1 + 1.0 / 64))
    }

    @Test func emptyAndSum() {
        var sum = LatencyHistogram()
        #expect(sum.percentile(99) == 0)
        var other = LatencyHistogram()
        other.record(5)
        sum.record(7)
        sum.add(other)
        #expect(sum.count == 2)
        #expect(sum.percentile(50) == 5)
        #expect(sum.maximum == 7)
    }
}
