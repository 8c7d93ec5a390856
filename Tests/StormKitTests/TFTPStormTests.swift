import BootProtocols
import PacketIO
import StormKit
import Testing

/// A server of one block, enough to have clients end.
private func serve(_ socket: borrowing UDPSocket, requests: Int) throws {
    let poller = try Poller(waker: Waker())
    try poller.add(socket.descriptor, token: 0)
    var batch = ReceiveBatch(capacity: 16, datagramSize: 1024)
    var left = requests
    while left > 0 {
        var isReady = false
        try poller.wait(milliseconds: 5000) { _, _ in isReady = true }
        guard isReady else { return }
        _ = try socket.receive(into: &batch)
        try batch.forEachDatagram { (origin, bytes) throws(SystemError) in
            guard case .readRequest(let request)? = try? TFTPPacket(decoding: bytes) else { return }
            left -= 1
            let answer: [UInt8] =
                request.fileName == "f"
                ? TFTPPacket.data(block: 1, payload: 0..<0).bytes + [1, 2, 3]
                : TFTPPacket.error(.fileNotFound, message: "no").bytes
            try socket.send(answer.span.bytes, to: origin.source)
        }
    }
}

@Suite("Storm of TFTP clients")
struct TFTPStormTests {
    private static let loopback = IPv4Address(value: 0x7f00_0001)

    private func storm(_ name: String, clients: Int, rounds: Int) throws -> TFTPStormReport {
        let server = try UDPSocket(.init(address: Self.loopback, port: 0))
        var load = TFTPStorm.Load(server: server.local, name: name)
        load.clients = clients
        load.rounds = rounds
        load.limit = 20
        let held = Held(server)
        let thread = try LoopThread(name: "tiny-tftp", waker: Waker()) {
            try? serve(held.socket, requests: clients * rounds)
        }
        defer { thread.join() }
        var storm = try TFTPStorm(load)
        return try storm.run()
    }

    private final class Held: Sendable {
        let socket: UDPSocket
        init(_ socket: consuming UDPSocket) { self.socket = socket }
    }

    @Test("every client fetches every round, and all bytes are counted")
    func rounds() throws {
        let report = try storm("f", clients: 10, rounds: 3)
        #expect(report.completed == 30)
        #expect(report.failed == 0)
        #expect(report.bytes == 90)
    }

    @Test("refusals are failures by their reason")
    func refused() throws {
        let report = try storm("g", clients: 4, rounds: 1)
        #expect(report.completed == 0)
        #expect(report.failures == ["the server refuses: no (error 1)": 4])
    }
}
