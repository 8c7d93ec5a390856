import Testing

@testable import LinkWatch

struct LoadGaugeTests {
    @Test("too many frames halve the machines as often as it takes; little traffic brings them back")
    func shifts() {
        var gauge = LoadGauge(limit: 1000)
        #expect(gauge.take(0, at: 0) == nil)
        #expect(gauge.take(100, at: 100) == nil)
        #expect(gauge.take(300, at: 200) == 1)
        #expect(gauge.take(200, at: 400) == nil)
        #expect(gauge.take(1500, at: 600) == 4)
        for step in 1..<20 { _ = gauge.take(10_000, at: 600 + Int64(step) * 200) }
        #expect(gauge.shift == 7)
        for step in 0..<20 { _ = gauge.take(10, at: 10_000 + Int64(step) * 200) }
        #expect(gauge.shift == 0)
    }
}
