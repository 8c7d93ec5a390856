import Testing

@testable import StormKit

struct StormLoadTests {
    @Test func aSteadyPaceIsEven() {
        let load = StormLoad.leases(perSecond: 1000, seconds: 2)
        #expect(load.total(nodes: 5) == 2000)
        #expect(load.start(of: 0, of: 2000) == 0)
        #expect(load.start(of: 1500, of: 2000) == 1_500_000_000)
    }

    @Test func powerOnSpreadsAllNodesOverTheTimeInOrder() {
        let load = StormLoad.powerOn(withinSeconds: 1)
        let starts = (0..<1000).map { load.start(of: $0, of: 1000) }
        #expect(load.total(nodes: 1000) == 1000)
        #expect(starts == starts.sorted())
        #expect(starts.allSatisfy { (0..<1_000_000_000).contains($0) })
        #expect(Set(starts).count == 1000)
    }
}
