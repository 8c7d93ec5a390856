import BootProtocols
import PacketIO
import TFTPService
import Testing

@Suite("TFTP in lockstep")
struct TFTPLockstepTests {
    @Test("a file goes block by block from a port of its own, and its end is reported")
    func wholeFile() throws {
        var net = PlayedNetwork()
        let (first, socket) = net.ask()
        #expect(first.blocks == [Blocks(1, 1, 512)])
        #expect(socket > 0)
        net.now += 3
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
        #expect(net.acknowledge(2, to: socket).blocks == [Blocks(3, 1, 276)])
        #expect(net.acknowledge(3, to: socket).isEmpty)
        let report = try #require(net.reports.first)
        #expect(net.reports.count == 1)
        #expect(report.outcome == .complete)
        #expect((report.bytes, report.size, report.milliseconds) == (1300, 1300, 3))
        #expect((report.name, report.retransmissions) == ("loader", 0))
        #expect(report.client.endpoint == PlayedNetwork.client)
        #expect(report.client.localAddress == PlayedNetwork.server)
    }

    @Test("a file of whole blocks ends with an empty one, an empty file is one", arguments: [0, 512, 1024])
    func wholeBlocks(size: Int) {
        var net = PlayedNetwork()
        net.files["f"] = size
        var (actions, socket) = net.ask("f")
        var block: UInt16 = 0
        while let run = actions.first?.run {
            block += 1
            #expect(run.firstBlock == block)
            #expect(run.byteCount == (Int(block) * 512 <= size ? 512 : 0))
            actions = net.acknowledge(block, to: socket)
        }
        #expect(Int(block) == size / 512 + 1)
        #expect(net.reports.map(\.outcome) == [.complete])
    }

    @Test("without a measured round trip a lost block is answered after 0.3 s, then longer and longer")
    func lost() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        var waits: [Int64] = []
        for _ in 0..<5 {
            let before = net.now
            #expect(net.waitForDeadline().blocks == [Blocks(1, 1, 512)])
            waits.append(net.now - before)
        }
        #expect(waits == [300, 600, 1200, 2400, 4800])
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
        // Which copy was acknowledged nobody knows (Karn's algorithm): the wait stays long.
        let before = net.now
        #expect(net.waitForDeadline().blocks == [Blocks(2, 1, 512)])
        #expect(net.now - before == 8000)
        _ = net.acknowledge(2, to: socket)
        #expect(net.acknowledge(3, to: socket).isEmpty)
        #expect(net.reports.map(\.retransmissions) == [6])
        #expect(net.reports.map(\.outcome) == [.complete])
    }

    @Test(
        "the wait follows the round trips that were measured, within its bounds",
        arguments: [(100, 2000), (3000, 4000), (50_000, 70_000), (3_000_000, 8_000_000)])
    func measured(trip: Int64, wait: Int64) {
        var net = PlayedNetwork()
        net.files["f"] = 512 * 40
        let (_, socket) = net.ask("f")
        for block in UInt16(1)...30 {
            net.clock += trip
            #expect(net.acknowledge(block, to: socket).blocks.count == 1)
        }
        let before = net.clock
        #expect(net.waitForDeadline().blocks == [Blocks(31, 1, 512)])
        #expect((trip...wait).contains(net.clock - before))
        // One measured round trip makes the wait short again.
        _ = net.waitForDeadline()
        _ = net.acknowledge(31, to: socket)
        net.clock += trip
        _ = net.acknowledge(32, to: socket)
        let again = net.clock
        _ = net.waitForDeadline()
        #expect((trip...max(2000, wait)).contains(net.clock - again))
        #expect(net.reports.isEmpty)
    }

    @Test("a client that becomes slow is waited for: its answer soon after a repetition is to the first copy")
    func slower() {
        var net = PlayedNetwork()
        net.files["f"] = 512 * 100
        let (_, socket) = net.ask("f")
        for block in UInt16(1)...30 {
            net.clock += 100
            _ = net.acknowledge(block, to: socket)
        }
        // From now on each answer takes 5 ms.
        for block in UInt16(31)...80 {
            let answer = net.clock + 5000
            while let deadline = net.machine.deadline, deadline < answer { _ = net.waitForDeadline() }
            net.clock = answer
            #expect(net.acknowledge(block, to: socket).blocks == [Blocks(block + 1, 1, 512)])
        }
        for block in UInt16(81)...101 {
            net.clock += 100
            _ = net.acknowledge(block, to: socket)
        }
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(net.reports.map { $0.retransmissions < 10 } == [true])
    }

    @Test("a negotiated timeout is kept at each try")
    func negotiatedTimeout() {
        var net = PlayedNetwork()
        let (first, socket) = net.ask("loader", [TFTPOption(.timeout, 3)])
        #expect(first.packets == [.optionAcknowledgment([TFTPOption(.timeout, 3)])])
        _ = net.acknowledge(0, to: socket)
        for _ in 0..<5 {
            let before = net.now
            #expect(net.waitForDeadline().blocks == [Blocks(1, 1, 512)])
            #expect(net.now - before == 3000)
        }
    }

    @Test("a client that falls silent is given up after seven retries and forgotten later")
    func vanished() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        for _ in 0..<7 { #expect(net.waitForDeadline().blocks == [Blocks(1, 1, 512)]) }
        #expect(net.waitForDeadline().isEmpty)
        #expect(net.reports.map(\.outcome) == [.timedOut])
        #expect(socket > 0)
        #expect(net.machine.deadline != nil)
        #expect(net.waitForDeadline().isEmpty)
        #expect(net.machine.deadline == nil)
    }

    @Test("a client that vanishes in the midst is given up after 31 s, however short the round trips were")
    func vanishedLater() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        net.clock += 100
        _ = net.acknowledge(1, to: socket)
        let heard = net.clock
        var sent = 0
        while net.reports.isEmpty { sent += net.waitForDeadline().count }
        #expect((31_000_000..<40_000_000).contains(net.clock - heard))
        #expect((20...50).contains(sent))
        #expect(net.reports.map(\.outcome) == [.timedOut])
        #expect(net.reports.first?.bytes == 512)
    }

    @Test("acknowledgments of old blocks, of blocks to come, and repeated ones send nothing")
    func sorcerersApprentice() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        #expect(net.acknowledge(2, to: socket).isEmpty)
        #expect(net.acknowledge(65535, to: socket).isEmpty)
        #expect(net.acknowledge(0, to: socket).isEmpty)
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
        for _ in 0..<3 { #expect(net.acknowledge(1, to: socket).isEmpty) }
        #expect(net.acknowledge(0, to: socket).isEmpty)
        #expect(net.acknowledge(2, to: socket).blocks == [Blocks(3, 1, 276)])
        #expect(net.acknowledge(2, to: socket).isEmpty)
        #expect(net.reports.isEmpty)
    }

    @Test("data doubled by an early retransmission makes one data flow, not two")
    func delayedAcknowledgment() {
        var net = PlayedNetwork()
        net.files["f"] = 5120
        let (_, socket) = net.ask("f")
        #expect(net.waitForDeadline().blocks == [Blocks(1, 1, 512)])
        // The client answers both copies, from here on each block must go out once.
        var sent = 0
        for block in UInt16(1)...11 {
            sent += net.acknowledge(block, to: socket).blocks.count
            sent += net.acknowledge(block, to: socket).blocks.count
        }
        #expect(sent == 10)
        #expect(net.reports.map(\.outcome) == [.complete])
    }

    @Test("block numbers run over from 65535 to 0, also for files of several times 32 MiB")
    func rollover() {
        var net = PlayedNetwork()
        let size = 70 << 20
        net.files["image"] = size
        var (actions, socket) = net.ask("image")
        var expected: UInt16 = 1
        var offset = 0
        while let run = actions.first?.run {
            guard run.firstBlock == expected, run.offset == offset else {
                Issue.record("block \(run.firstBlock) at \(run.offset), not \(expected) at \(offset)")
                return
            }
            offset += run.byteCount
            actions = net.acknowledge(expected, to: socket)
            expected &+= 1
        }
        #expect(offset == size)
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(net.reports.first?.bytes == size)
    }

    @Test("just after the roll-over an old acknowledgment is still old")
    func rolloverDuplicates() {
        var net = PlayedNetwork()
        net.files["image"] = 40 << 20
        let (_, socket) = net.ask("image")
        for block in UInt16(1)...65535 { _ = net.acknowledge(block, to: socket) }
        #expect(net.acknowledge(65535, to: socket).isEmpty)
        #expect(net.acknowledge(0, to: socket).blocks == [Blocks(1, 1, 512)])
        #expect(net.acknowledge(0, to: socket).isEmpty)
        #expect(net.acknowledge(65535, to: socket).isEmpty)
    }

    @Test("a full kernel buffer sends again soon and counts no retry")
    func postponed() throws {
        var net = PlayedNetwork()
        let run = try #require(net.ask().actions.first?.run)
        for _ in 0..<20 {
            net.machine.postpone(run.route, blocks: 1, at: net.clock)
            let before = net.now
            #expect(net.waitForDeadline().blocks == [Blocks(1, 1, 512)])
            #expect(net.now - before == 5)
        }
        net.machine.noteSendFailure(run.route, "Network is unreachable")
        for _ in 0..<8 { _ = net.waitForDeadline() }
        #expect(net.reports.map(\.outcome) == [.timedOut])
        #expect(net.reports.map(\.retransmissions) == [7])
        #expect(net.reports.map(\.sendFailure) == ["Network is unreachable"])
    }

    @Test("a full kernel buffer does not make an empty file of one that is still looked up")
    func postponedTooEarly() throws {
        var net = PlayedNetwork { $0.transferPorts = 0 }
        net.files["kernel"] = 1300
        let run = try #require(net.ask().actions.first?.run)
        // The client's next request takes the place of the first, on the same ports.
        let origin = DatagramOrigin(
            source: PlayedNetwork.client, destination: PlayedNetwork.server, localAddress: PlayedNetwork.server,
            interfaceIndex: 2)
        let request = TFTPPacket.readRequest(TFTPRequest(fileName: "kernel")).bytes
        let asked = net.machine.receive(request.span.bytes, from: origin, on: 0, at: net.clock)
        net.machine.postpone(run.route, blocks: 1, at: net.clock)
        #expect(net.waitForDeadline().isEmpty)
        #expect(net.settle(asked).blocks == [Blocks(1, 1, 512)])
    }

    @Test("content that cannot be read on ends the transfer with an ERROR; so does the end of the server")
    func failures() throws {
        var net = PlayedNetwork()
        let run = try #require(net.ask().actions.first?.run)
        let actions = net.settle(
            net.machine.fail(run.session, TFTPRefusal(.notDefined, "the file became shorter"), at: net.clock))
        #expect(actions.packets == [.error(.notDefined, message: "the file became shorter")])
        #expect(net.settle(net.machine.fail(run.session, .notFound, at: net.clock)).isEmpty)
        _ = net.ask("loader", from: IPv4Endpoint(PlayedNetwork.server, port: 9))
        let stop = net.settle(net.machine.stop(at: net.clock))
        #expect(stop.packets == [.error(.notDefined, message: "the server stops")])
        #expect(net.reports.map(\.outcome) == [.failed("the file became shorter"), .failed("the server stops")])
    }
}
