import Testing

@testable import PacketIO

@Suite struct SoftnetCountsTests {
    /// Lines of Linux 6.18; the thirteenth field is the processor.
    private func text(_ counts: [(processor: Int, packets: UInt32)]) -> [UInt8] {
        let zeros = String(repeating: " 00000000", count: 11)
        let lines = counts.map { "\(hex($0.packets))\(zeros) \(hex(UInt32($0.processor))) 00000000 00000000\n" }
        return Array(lines.joined().utf8)
    }

    private func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    @Test func processorsThatAreOfflineHaveNoLine() {
        let counts = SoftnetCounts(text([(0, 10), (3, 0x09bb_a77c)]))
        #expect(counts.packets == [0: 10, 3: 0x09bb_a77c])
    }

    @Test func linesOfOldKernelsAreInOrder() {
        let counts = SoftnetCounts(Array("0000000a 00000000\n0000000b 00000000\n".utf8))
        #expect(counts.packets == [0: 10, 1: 11])
    }

    @Test(arguments: ["", "\n\n", "no number\n", "123456789\n", " \n-1 0\n", "\u{0}\u{ff}\n"])
    func whatIsNoCountIsPassedOver(text: String) {
        #expect(SoftnetCounts(Array(text.utf8)).packets.isEmpty)
    }

    @Test func theBusiestOfTheOthers() {
        let before = SoftnetCounts(text([(0, 1000), (1, 1000), (2, 1000)]))
        let after = SoftnetCounts(text([(0, 3000), (1, 1100), (2, 1200)]))
        #expect(after.busiest(since: before, except: 0, least: 64) == 2)
        #expect(after.busiest(since: before, except: 2, least: 64) == 0)
        #expect(after.busiest(since: before, except: 0, least: 201) == nil)
    }

    @Test func countsBeginAgainAtZero() {
        let before = SoftnetCounts(text([(0, 0), (1, 0xffff_fff0)]))
        let after = SoftnetCounts(text([(0, 0), (1, 0x70), (2, 5000)]))
        #expect(after.busiest(since: before, except: 0, least: 128) == 1)
    }

    @Test func thisKernelTells() throws {
        let counts = try #require(SoftnetCounts())
        #expect(!counts.packets.isEmpty)
    }
}
