import BootProtocols
import Testing

@testable import DHCPService

@Suite("AnswerLimit")
struct AnswerLimitTests {
    private let mac = MACAddress(value: 0x5254_0012_3456)

    @Test("a machine gets four answers in a second, and four in the next")
    func perMachine() {
        var limit = AnswerLimit()
        for second in [5_000 as Int64, 6_000] {
            let taken = (0..<100).filter { _ in limit.take(mac, at: second + 10) }
            #expect(taken.count == 4)
        }
    }

    @Test("one machine takes nothing from another")
    func others() {
        var limit = AnswerLimit()
        for _ in 0..<100 { _ = limit.take(mac, at: 0) }
        let other = limit.take(MACAddress(value: 1), at: 0)
        #expect(other)
    }

    @Test("what iPXE sends is answered each time")
    func ipxe() {
        var limit = AnswerLimit()
        let times: [Int64] = [0, 250, 750, 1_750, 3_750, 7_750]
        #expect(times.filter { limit.take(mac, at: $0) } == times)
    }

    @Test("of 10000 machines in one second 4096 are answered, and remembered")
    func bounded() {
        var limit = AnswerLimit()
        let taken = (0..<10_000).filter { limit.take(MACAddress(value: UInt64($0)), at: 0) }
        #expect(taken.count == 4096)
        let later = limit.take(MACAddress(value: 9_999), at: 1000)
        #expect(later)
    }
}
