import BootProtocols
import PacketIO
import TFTPService
import Testing

@Suite("TFTP option negotiation")
struct TFTPNegotiationTests {
    @Test("the OACK has what was asked for, in the client's order and spelling, and waits for ACK 0")
    func acknowledged() {
        var net = PlayedNetwork()
        let options = [TFTPOption(kind: .transferSize, name: "TSize", value: 0), TFTPOption(.blockSize, 1024)]
        let (first, socket) = net.ask("loader", options)
        let oack = [TFTPOption(kind: .transferSize, name: "TSize", value: 1300), TFTPOption(.blockSize, 1024)]
        #expect(first.packets == [.optionAcknowledgment(oack)])
        #expect(first.blocks.isEmpty)
        #expect(net.acknowledge(1, to: socket).isEmpty)
        #expect(net.waitForDeadline().packets == [.optionAcknowledgment(oack)])
        #expect(net.acknowledge(0, to: socket).blocks == [Blocks(1, 1, 1024)])
        #expect(net.acknowledge(0, to: socket).isEmpty)
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 276)])
    }

    @Test("no option that we know means no OACK")
    func unknownOptions() {
        var net = PlayedNetwork()
        let request = [0, 1] + Array("loader\u{0}octet\u{0}rollover\u{0}1\u{0}blksize\u{0}7\u{0}".utf8)
        #expect(net.send(bytes: request, to: 0).blocks == [Blocks(1, 1, 512)])
    }

    @Test(
        "the block size is never raised and never over the MTU less 32",
        arguments: [
            (512, 1500, 512), (8, 1500, 8), (1432, 1500, 1432), (1468, 1500, 1468), (1469, 1500, 1468),
            (65464, 1500, 1468), (1468, 1492, 1460), (65464, 9000, 8968), (65464, 65536, 65464), (1468, 68, 512),
        ])
    func blockSize(asked: Int, mtu: Int, given: Int) {
        var net = PlayedNetwork { $0.interfaceMTU[2] = mtu }
        let first = net.ask("loader", [TFTPOption(.blockSize, asked)]).actions
        #expect(first.packets == [.optionAcknowledgment([TFTPOption(.blockSize, given)])])
    }

    @Test(
        "the block size is never over what the route to the client takes",
        arguments: [(1400, 1368), (9000, 1468), (300, 512)])
    func pathMTU(mtu: Int, given: Int) {
        var net = PlayedNetwork { $0.interfaceMTU[2] = 1500 }
        net.pathMTU = mtu
        let first = net.ask("loader", [TFTPOption(.blockSize, 65464)]).actions
        #expect(first.packets == [.optionAcknowledgment([TFTPOption(.blockSize, given)])])
    }

    @Test("an interface not known has Ethernet's MTU")
    func unknownInterface() {
        var net = PlayedNetwork()
        let first = net.ask("loader", [TFTPOption(.blockSize, 9000)]).actions
        #expect(first.packets == [.optionAcknowledgment([TFTPOption(.blockSize, 1468)])])
    }

    @Test(
        "a window is never larger than asked for, allowed, or 256 KiB",
        arguments: [
            (4, 1468, 4), (1, 1468, 1), (64, 1468, 16), (65535, 512, 16), (16, 65464, 4),
        ])
    func windowSize(asked: Int, blockSize: Int, given: Int) {
        var net = PlayedNetwork { $0.interfaceMTU[2] = 65536 }
        let options = [TFTPOption(.blockSize, blockSize), TFTPOption(.windowSize, asked)]
        let first = net.ask("loader", options).actions
        let oack = [TFTPOption(.blockSize, blockSize), TFTPOption(.windowSize, given)]
        #expect(first.packets == [.optionAcknowledgment(oack)])
    }

    @Test("a probe for the size that ends in ERROR 8 is no failure, and the port serves the real request")
    func probe() {
        var net = PlayedNetwork()
        let (first, socket) = net.ask("loader", [TFTPOption(.transferSize, 0), TFTPOption(.blockSize, 1468)])
        #expect(first.packets.count == 1)
        #expect(net.send(.error(.optionNegotiation, message: "User aborted the transfer"), to: socket).isEmpty)
        #expect(net.reports.map(\.outcome) == [.probed])
        let (second, next) = net.ask("loader", [TFTPOption(.blockSize, 1468)])
        #expect(second.packets == [.optionAcknowledgment([TFTPOption(.blockSize, 1468)])])
        #expect(next != socket)
        #expect(net.acknowledge(0, to: next).blocks == [Blocks(1, 1, 1300)])
        #expect(net.acknowledge(1, to: next).isEmpty)
        #expect(net.reports.map(\.outcome) == [.probed, .complete])
    }

    @Test("an ERROR of the client in the midst ends the transfer with its code and words")
    func aborted() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask("loader", [TFTPOption(.transferSize, 0)])
        _ = net.acknowledge(0, to: socket)
        #expect(net.send(.error(.diskFull, message: "no\nroom"), to: socket).isEmpty)
        #expect(net.reports.map(\.outcome) == [.aborted(.diskFull, message: "no?room")])
        #expect(net.send(.error(.diskFull, message: "again"), to: socket).isEmpty)
        #expect(net.acknowledge(1, to: socket).isEmpty)
        #expect(net.reports.count == 1)
    }

    @Test("an ERROR before the first block without a question for the size is an abort")
    func abortedEarly() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask("loader", [TFTPOption(.blockSize, 1024)])
        _ = net.send(.error(.optionNegotiation, message: "no"), to: socket)
        #expect(net.reports.map(\.outcome) == [.aborted(.optionNegotiation, message: "no")])
    }
}
