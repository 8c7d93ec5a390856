import BootProtocols
import PacketIO
import TFTPService
import Testing

/// RFC 7440.
@Suite("TFTP with a window")
struct TFTPWindowTests {
    /// A transfer of `blocks` blocks of 1000 bytes and one of 500, with a window of four; the first is on its way.
    private func begin(blocks: Int = 20) -> (PlayedNetwork, Int) {
        var net = PlayedNetwork()
        net.files["f"] = blocks * 1000 + 500
        let (_, socket) = net.ask("f", [TFTPOption(.blockSize, 1000), TFTPOption(.windowSize, 4)])
        net.clock += 200
        #expect(net.acknowledge(0, to: socket).blocks == [Blocks(1, 4, 4000)])
        net.clock += 200
        return (net, socket)
    }

    @Test("four blocks go out for each acknowledgment, the last window is as short as the file has it")
    func windows() {
        var (net, socket) = begin(blocks: 10)
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        #expect(net.acknowledge(8, to: socket).blocks == [Blocks(9, 3, 2500)])
        #expect(net.acknowledge(11, to: socket).isEmpty)
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(net.reports.first?.retransmissions == 0)
        #expect(net.reports.first?.windowSize == 4)
    }

    @Test("an acknowledgment within the window goes back to the block behind it, once")
    func gap() {
        var (net, socket) = begin()
        // 2 was lost: EDK2 says ACK 1 for 3 and again for 4.
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 4, 4000)])
        net.clock += 5
        #expect(net.acknowledge(1, to: socket).isEmpty)
        net.clock += 200
        #expect(net.acknowledge(5, to: socket).blocks == [Blocks(6, 4, 4000)])
    }

    @Test("the first block of a window lost: the repeated acknowledgment sends the window again, once")
    func firstLost() {
        var (net, socket) = begin()
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        net.clock += 200
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        #expect(net.acknowledge(4, to: socket).isEmpty)
        #expect(net.acknowledge(4, to: socket).isEmpty)
        #expect(net.acknowledge(8, to: socket).blocks == [Blocks(9, 4, 4000)])
    }

    @Test("a gap is told sooner than a whole window can be acknowledged, and is no echo for that")
    func earlyGap() {
        var (net, socket) = begin()
        // Two whole windows take 200 µs each. In the third the second block is lost, which is told after 60.
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        net.clock += 200
        #expect(net.acknowledge(8, to: socket).blocks == [Blocks(9, 4, 4000)])
        net.clock += 60
        #expect(net.acknowledge(9, to: socket).blocks == [Blocks(10, 4, 4000)])
        // That was about blocks which are on their way twice now: within 45 µs it is an echo.
        net.clock += 30
        #expect(net.acknowledge(10, to: socket).blocks == [Blocks(14, 1, 1000)])
    }

    @Test("the answer to the block after silence comes as soon as it likes")
    func probeAnswered() {
        var (net, socket) = begin()
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        net.clock += 200
        #expect(net.acknowledge(8, to: socket).blocks == [Blocks(9, 4, 4000)])
        // All of them are lost.
        #expect(net.waitForDeadline().blocks == [Blocks(12, 1, 1000)])
        net.clock += 20
        #expect(net.acknowledge(8, to: socket).blocks == [Blocks(9, 4, 4000)])
    }

    @Test("an acknowledgment doubled by the network does not double the flow for good")
    func sorcerersApprentice() {
        // A client that follows EDK2: ACK of the expected block less one for every block that is not expected.
        var (net, socket) = begin(blocks: 400)
        var expected = 1
        var delivered = 0
        var pending: [TFTPAction] = [] + net.acknowledge(4, to: socket) + net.acknowledge(4, to: socket)
        expected = 5
        while !pending.isEmpty {
            guard let run = pending.removeFirst().run else { continue }
            for index in 0..<run.blockCount {
                delivered += 1
                let isLast = run.offset + (index + 1) * 1000 > 400_500
                if Int(run.firstBlock) + index == expected {
                    expected += 1
                    if index == run.blockCount - 1 || isLast {
                        pending += net.acknowledge(UInt16(expected - 1), to: socket)
                    }
                } else {
                    pending += net.acknowledge(UInt16(expected - 1), to: socket)
                }
            }
        }
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(expected == 402)
        // 397 blocks were to come; a few windows twice, not all of them.
        #expect(delivered < 397 + 20)
    }

    @Test("silence sends the last block again, which is enough where that or an answer was lost; then the window")
    func silence() {
        var (net, socket) = begin()
        #expect(net.waitForDeadline().blocks == [Blocks(4, 1, 1000)])
        #expect(net.acknowledge(4, to: socket).blocks == [Blocks(5, 4, 4000)])
        #expect(net.waitForDeadline().blocks == [Blocks(8, 1, 1000)])
        // The client misses one before it, and says so.
        net.clock += 200
        #expect(net.acknowledge(6, to: socket).blocks == [Blocks(7, 4, 4000)])
        #expect(net.waitForDeadline().blocks == [Blocks(10, 1, 1000)])
        #expect(net.waitForDeadline().blocks == [Blocks(7, 4, 4000)])
    }

    @Test("the window runs over 65535 like any block")
    func rollover() {
        var net = PlayedNetwork()
        net.files["f"] = 70_000 * 8 + 1
        var (actions, socket) = net.ask("f", [TFTPOption(.blockSize, 8), TFTPOption(.windowSize, 7)])
        actions = net.acknowledge(0, to: socket)
        var next = 0
        while let run = actions.first?.run {
            #expect(run.offset == next * 8)
            #expect(run.firstBlock == UInt16(truncatingIfNeeded: next + 1))
            next += run.blockCount
            actions = net.acknowledge(UInt16(truncatingIfNeeded: next), to: socket)
        }
        #expect(next == 70_001)
        #expect(net.reports.map(\.outcome) == [.complete])
    }
}
