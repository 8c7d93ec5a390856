import Testing

@testable import StormKit

@Suite("Relay that loses datagrams")
struct TFTPRelayTests {
    @Test("whether the first datagram is lost is chance too: a small seed does not begin with small draws")
    func seeds() {
        let draws = (0..<2000).map { seed in
            var random = TFTPRelay.scrambled(UInt64(seed))
            return TFTPRelay.draw(&random)
        }
        // 1 % of 2000 is 20.
        #expect((5...45).contains(draws.count { $0 < 0.01 }))
        #expect((900...1100).contains(draws.count { $0 < 0.5 }))
    }
}
