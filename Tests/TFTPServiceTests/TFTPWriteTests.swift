import BootProtocols
import PacketIO
import TFTPService
import Testing

@Suite("TFTP writing, where it is allowed")
struct TFTPWriteTests {
    private func begin(_ options: [TFTPOption] = []) -> (PlayedNetwork, [TFTPPacket], Int) {
        var net = PlayedNetwork { $0.acceptsWrites = true }
        let actions = net.send(.writeRequest(TFTPRequest(fileName: "dump", options: options)), to: 0)
        return (net, actions.packets, actions.first?.route?.socket ?? -1)
    }

    private func data(_ block: UInt16, _ count: Int) -> [UInt8] {
        TFTPPacket.data(block: block, payload: 0..<0).bytes + [UInt8](repeating: 7, count: count)
    }

    @Test("in lockstep each block is acknowledged, the last when it is stored, and once more if that is lost")
    func lockstep() {
        var (net, first, socket) = begin()
        #expect(first == [.acknowledgment(block: 0)])
        #expect(net.send(bytes: data(1, 512), to: socket).packets == [.acknowledgment(block: 1)])
        #expect(net.send(bytes: data(1, 512), to: socket).packets == [.acknowledgment(block: 1)])
        #expect(net.send(bytes: data(3, 512), to: socket).packets == [])
        #expect(net.send(bytes: data(2, 100), to: socket).packets == [.acknowledgment(block: 2)])
        #expect(net.send(bytes: data(2, 100), to: socket).packets == [.acknowledgment(block: 2)])
        #expect(net.stored == 612)
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(net.reports.map(\.direction) == [.write])
        #expect(net.reports.map(\.bytes) == [612])
        #expect(net.machine.counters.bytesReceived == 612)
    }

    @Test("while the disk has not got the last block, no copy of it is acknowledged and nobody counts as silent")
    func slowDisk() throws {
        var (net, _, socket) = begin()
        net.isDiskSlow = true
        #expect(net.send(bytes: data(1, 100), to: socket).packets.isEmpty)
        #expect(net.machine.deadline == nil)
        net.clock += 60_000_000
        #expect(net.machine.expire(at: net.clock).isEmpty)
        #expect(net.send(bytes: data(1, 100), to: socket).packets.isEmpty)
        #expect(net.reports.isEmpty)
        let id = try #require(net.unstored)
        #expect(net.settle(net.machine.stored(id, at: net.clock)).packets == [.acknowledgment(block: 1)])
        #expect(net.reports.map(\.outcome) == [.complete])
        #expect(net.send(bytes: data(1, 100), to: socket).packets == [.acknowledgment(block: 1)])
    }

    @Test("a disk that fails at the end is told instead of the last acknowledgment")
    func failingDisk() throws {
        var (net, _, socket) = begin()
        net.isDiskSlow = true
        _ = net.send(bytes: data(1, 100), to: socket)
        let refusal = TFTPRefusal(.diskFull, "the disk is full")
        let id = try #require(net.unstored)
        let told = net.settle(net.machine.fail(id, refusal, at: net.clock)).packets
        #expect(told == [.error(.diskFull, message: "the disk is full")])
        #expect(net.settle(net.machine.stored(id, at: net.clock)).isEmpty)
        #expect(net.reports.map(\.outcome) == [.failed("the disk is full")])
    }

    @Test("options are acknowledged, a window has one answer, a gap is told once")
    func window() {
        let asked = [TFTPOption(.blockSize, 1000), TFTPOption(.windowSize, 4), TFTPOption(.transferSize, 7500)]
        var (net, first, socket) = begin(asked)
        #expect(first == [.optionAcknowledgment(asked)])
        for block in UInt16(1)...3 { #expect(net.send(bytes: data(block, 1000), to: socket).packets.isEmpty) }
        #expect(net.send(bytes: data(4, 1000), to: socket).packets == [.acknowledgment(block: 4)])
        #expect(net.send(bytes: data(6, 1000), to: socket).packets == [.acknowledgment(block: 4)])
        #expect(net.send(bytes: data(7, 1000), to: socket).packets == [])
        for block in UInt16(5)...7 { #expect(net.send(bytes: data(block, 1000), to: socket).packets.isEmpty) }
        #expect(net.send(bytes: data(8, 500), to: socket).packets == [.acknowledgment(block: 8)])
        #expect(net.stored == 7500)
    }

    @Test("a client that falls silent hears the last acknowledgment again, and is given up")
    func silence() {
        var (net, _, socket) = begin()
        _ = net.send(bytes: data(1, 512), to: socket)
        #expect(net.waitForDeadline().packets == [.acknowledgment(block: 1)])
        net.waitForQuiet()
        #expect(net.reports.map(\.outcome) == [.timedOut])
    }

    @Test("a block longer than agreed upon ends the transfer; data from a stranger is ERROR 5 and changes nothing")
    func illegal() {
        var (net, _, socket) = begin()
        let other = IPv4Endpoint(PlayedNetwork.client.address, port: 4)
        let answer = net.send(bytes: data(1, 100), to: socket, from: other)
        #expect(answer.packets == [.error(.unknownTransferID, message: "unknown transfer ID")])
        #expect(net.stored == 0)
        let long = net.send(bytes: data(1, 513), to: socket)
        #expect(long.packets == [.error(.illegalOperation, message: "a block longer than 512 bytes")])
        #expect(net.reports.map(\.outcome) == [.failed("a block longer than 512 bytes")])
    }
}
