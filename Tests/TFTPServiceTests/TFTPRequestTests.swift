import BootProtocols
import PacketIO
import TFTPService
import Testing

@Suite("TFTP requests and strangers")
struct TFTPRequestTests {
    private let other = IPv4Endpoint(IPv4Address(value: 0x0a4d_0038), port: 1337)

    @Test("a file that is not there is ERROR 1 and reported")
    func notFound() {
        var net = PlayedNetwork()
        #expect(net.ask("missing").actions.packets == [.error(.fileNotFound, message: "file not found")])
        #expect(net.reports.map(\.outcome) == [.refused("file not found")])
        #expect(net.reports.map(\.name) == ["missing"])
    }

    @Test("writing is ERROR 2 where no directory is set for it, mode mail ERROR 4, each with words")
    func refused() {
        var net = PlayedNetwork()
        let write = net.send(.writeRequest(TFTPRequest(fileName: "x\u{1b}y")), to: 0)
        #expect(write.packets == [.error(.accessViolation, message: "this server only reads")])
        let mail = net.send(.readRequest(TFTPRequest(fileName: "loader", mode: .mail)), to: 0)
        let words = "mode mail is not served, ask for octet or netascii"
        #expect(mail.packets == [.error(.illegalOperation, message: words)])
        #expect(net.reports.map(\.name) == ["x?y", "loader"])
        #expect(net.machine.deadline == nil)
    }

    @Test("what is no request is told so, and noise is not answered")
    func malformed() {
        var net = PlayedNetwork()
        #expect(
            net.send(bytes: [0, 9, 0, 0], to: 0).packets == [.error(.illegalOperation, message: "unknown opcode 9")])
        let text = "file name or mode without a NUL at its end"
        #expect(net.send(bytes: [0, 1, 0x61, 0x62], to: 0).packets == [.error(.illegalOperation, message: text)])
        #expect(net.reports.count == 2)
        #expect(net.send(bytes: [], to: 0).isEmpty)
        #expect(net.send(bytes: [0, 4, 0], to: 0).isEmpty)
        #expect(net.send(.error(.unknownTransferID, message: ""), to: 0).isEmpty)
        #expect(net.reports.count == 2)
    }

    @Test("requests by broadcast and from port 0 are met with silence")
    func broadcast() {
        var net = PlayedNetwork()
        let request = TFTPPacket.readRequest(TFTPRequest(fileName: "loader"))
        #expect(net.send(request, to: 0, destination: .broadcast).isEmpty)
        #expect(net.send(request, to: 0, from: IPv4Endpoint(other.address, port: 0)).isEmpty)
    }

    @Test("a packet from the wrong port or host is ERROR 5, and the transfer goes on")
    func wrongTransferID() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        let wrongPort = IPv4Endpoint(PlayedNetwork.client.address, port: 1338)
        for stranger in [wrongPort, other] {
            let answer = net.acknowledge(1, to: socket, from: stranger)
            #expect(answer.packets == [.error(.unknownTransferID, message: "unknown transfer ID")])
            #expect(answer.first?.route?.client == stranger)
            #expect(answer.first?.route?.socket == socket)
        }
        #expect(net.acknowledge(1, to: socket == 1 ? 2 : 1).packets.count == 1)
        #expect(net.acknowledge(1, to: 0).packets.count == 1)
        #expect(net.send(.error(.notDefined, message: ""), to: socket, from: other).isEmpty)
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
        #expect(net.reports.isEmpty)
    }

    @Test("requests and data sent to a transfer disturb nothing")
    func requestsToTransfers() {
        var net = PlayedNetwork()
        let (_, socket) = net.ask()
        #expect(net.send(.readRequest(TFTPRequest(fileName: "x")), to: socket).isEmpty)
        #expect(net.send(.data(block: 1, payload: 4..<4), to: socket).isEmpty)
        #expect(net.send(bytes: [0, 77, 0, 0], to: socket).isEmpty)
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
    }

    @Test("the late acknowledgment of a finished transfer is known, and a stranger's after a while")
    func lingering() {
        var net = PlayedNetwork()
        net.files["f"] = 10
        let (_, socket) = net.ask("f")
        _ = net.acknowledge(1, to: socket)
        #expect(net.acknowledge(1, to: socket).isEmpty)
        net.waitForQuiet()
        #expect(net.machine.deadline == nil)
        #expect(net.acknowledge(1, to: socket).packets.count == 1)
        #expect(net.reports.count == 1)
    }

    @Test("the same request again before the first acknowledgment is the same transfer")
    func repeatedRequest() {
        var net = PlayedNetwork()
        let (first, socket) = net.ask()
        let (again, sameSocket) = net.ask()
        #expect(again == first)
        #expect(sameSocket == socket)
        #expect(net.acknowledge(1, to: socket).blocks == [Blocks(2, 1, 512)])
        // Later it is a client that began anew: the old transfer must not answer for the new one.
        let (anew, newSocket) = net.ask()
        #expect(anew.blocks == [Blocks(1, 1, 512)])
        #expect(newSocket != socket)
        #expect(net.acknowledge(1, to: newSocket).blocks == [Blocks(2, 1, 512)])
    }

    @Test("two clients with the same port number, and one client with two ports, are apart")
    func manyTransfers() {
        var net = PlayedNetwork()
        net.files["other"] = 600
        let second = IPv4Endpoint(PlayedNetwork.client.address, port: 1400)
        let a = net.ask("loader").socket
        let b = net.ask("other", from: other).socket
        let c = net.ask("other", from: second).socket
        #expect(net.acknowledge(1, to: b, from: other).blocks == [Blocks(2, 1, 88)])
        #expect(net.acknowledge(1, to: a).blocks == [Blocks(2, 1, 512)])
        #expect(net.acknowledge(1, to: c, from: second).blocks == [Blocks(2, 1, 88)])
        #expect(net.acknowledge(2, to: b, from: other).isEmpty)
        #expect(net.reports.map(\.client.endpoint) == [other])
    }

    @Test("transfers are bounded in all and by client; those beyond are reported, not answered")
    func bounds() {
        var net = PlayedNetwork {
            $0.maximumSessions = 3
            $0.maximumSessionsPerClient = 2
        }
        func port(_ number: UInt16, _ address: IPv4Address) -> IPv4Endpoint { IPv4Endpoint(address, port: number) }
        let first = PlayedNetwork.client.address
        let socket = net.ask(from: port(1, first)).socket
        #expect(net.ask(from: port(2, first)).actions.count == 1)
        #expect(net.ask(from: port(3, first)).actions.isEmpty)
        #expect(net.reports.map(\.outcome) == [.refused("server is busy")])
        #expect(net.ask(from: port(1, other.address)).actions.count == 1)
        #expect(net.ask(from: port(2, other.address)).actions.isEmpty)
        // One ends: there is room again.
        _ = net.send(.error(.notDefined, message: ""), to: socket, from: port(1, first))
        #expect(net.ask(from: port(4, first)).actions.count == 1)
    }

    @Test("ten thousand half-open requests take the places there are, and give way to a client that is alive")
    func halfOpen() {
        var net = PlayedNetwork { $0.maximumSessions = 500 }
        for number in 0..<10_000 {
            let client = IPv4Endpoint(IPv4Address(value: 0x0a00_0000 + UInt32(number)), port: 9)
            _ = net.ask(from: client)
        }
        #expect(net.machine.counters.sessions == 500)
        #expect(net.ask().actions.isEmpty)
        net.now += 2500
        let (first, socket) = net.ask()
        #expect(first.blocks == [Blocks(1, 1, 512)])
        #expect(net.reports.count { $0.outcome == .timedOut } == 500)
        _ = net.acknowledge(1, to: socket)
        net.waitForQuiet()
        #expect(net.machine.counters.sessions == 0)
        #expect(net.machine.deadline == nil)
    }

    @Test("finished transfers do not gather without bound")
    func lingeringIsBounded() {
        var net = PlayedNetwork { $0.maximumSessions = 10 }
        for port in UInt16(1)...1000 {
            let client = IPv4Endpoint(other.address, port: port)
            let socket = net.ask(from: client).socket
            _ = net.send(.error(.notDefined, message: ""), to: socket, from: client)
        }
        #expect(net.reports.count == 1000)
        // Only the youngest are still known as finished.
        #expect(net.acknowledge(1, to: 2, from: IPv4Endpoint(other.address, port: 1)).packets.count == 1)
    }

    @Test("a client that uses one port for all its files is served beyond the number of our ports")
    func onePort() {
        var net = PlayedNetwork { $0.transferPorts = 2 }
        net.files["f"] = 10
        for _ in 0..<10 {
            let (actions, socket) = net.ask("f")
            #expect(actions.blocks == [Blocks(1, 1, 10)])
            _ = net.acknowledge(1, to: socket)
        }
        #expect(net.reports.map(\.outcome) == Array(repeating: .complete, count: 10))
    }
}

@Suite("TFTP from a single port")
struct TFTPSinglePortTests {
    @Test("everything comes from the well-known port")
    func wholeFile() {
        var net = PlayedNetwork { $0.transferPorts = 0 }
        let (first, socket) = net.ask()
        #expect(socket == 0)
        #expect(first.blocks == [Blocks(1, 1, 512)])
        #expect(net.acknowledge(1, to: 0).blocks == [Blocks(2, 1, 512)])
        #expect(net.acknowledge(2, to: 0).blocks == [Blocks(3, 1, 276)])
        #expect(net.acknowledge(3, to: 0).isEmpty)
        #expect(net.reports.map(\.outcome) == [.complete])
    }

    @Test("by itself it is chosen for clients that are in no subnet of ours; each way can be set for all")
    func byClient() throws {
        let subnet = try #require(IPv4Subnet("10.77.0.0/24"))
        let far = IPv4Endpoint(IPv4Address(value: 0x0a4e_0001), port: 1000)
        for (ports, near, beyond) in [
            (TFTPPorts.auto, false, true), (.single, true, true), (.classic, false, false),
        ] {
            var net = PlayedNetwork {
                $0.localSubnets = [subnet]
                $0.ports = ports
            }
            #expect((net.ask().socket == 0) == near)
            #expect((net.ask(from: far).socket == 0) == beyond)
        }
    }

    @Test("a new request from the same port takes the place of the old transfer")
    func superseded() {
        var net = PlayedNetwork { $0.transferPorts = 0 }
        net.files["f"] = 10
        _ = net.ask()
        _ = net.acknowledge(1, to: 0)
        #expect(net.ask("f").actions.blocks == [Blocks(1, 1, 10)])
        #expect(net.acknowledge(1, to: 0).isEmpty)
        #expect(net.reports.map(\.outcome) == [.superseded, .complete])
        #expect(net.reports.map(\.name) == ["loader", "f"])
        // The counts are right: nothing is left but what lingers.
        net.waitForQuiet()
        #expect(net.machine.deadline == nil)
    }
}
