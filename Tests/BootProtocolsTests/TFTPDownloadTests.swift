import BootProtocols
import Testing

@Suite("TFTP client")
struct TFTPDownloadTests {
    private let server = IPv4Endpoint(IPv4Address(value: 0x0a00_0001), port: 69)
    private var transfer: IPv4Endpoint { IPv4Endpoint(server.address, port: 4000) }

    private func download(_ change: (inout TFTPDownload.Wishes) -> Void = { _ in }) -> TFTPDownload {
        var wishes = TFTPDownload.Wishes()
        wishes.blockSize = 1000
        wishes.windowSize = 4
        change(&wishes)
        return TFTPDownload("f", from: server, wishes, at: 0)
    }

    private func data(_ block: UInt16, _ count: Int) -> [UInt8] {
        TFTPPacket.data(block: block, payload: 0..<0).bytes + [UInt8](repeating: 1, count: count)
    }

    private func receive(
        _ bytes: [UInt8], _ download: inout TFTPDownload, from source: IPv4Endpoint? = nil, at now: Int64 = 0
    ) -> TFTPDownload.Step {
        download.receive(bytes.span.bytes, from: source ?? transfer, at: now)
    }

    @Test("asks for what is wished, takes the OACK, acknowledges windows, ends with a short block")
    func windows() {
        var download = download()
        #expect(download.request.options.map(\.kind) == [.blockSize, .windowSize, .transferSize])
        let oack = TFTPPacket.optionAcknowledgment([
            TFTPOption(.blockSize, 800), TFTPOption(.windowSize, 2), TFTPOption(.transferSize, 2000),
        ])
        #expect(receive(oack.bytes, &download).reply == .acknowledgment(block: 0))
        #expect(download.announcedSize == 2000)
        #expect(receive(data(1, 800), &download).reply == nil)
        #expect(receive(data(2, 800), &download).reply == .acknowledgment(block: 2))
        let last = receive(data(3, 400), &download)
        #expect(last.payload == 4..<404)
        #expect(last.reply == .acknowledgment(block: 3))
        #expect(download.isComplete)
        #expect(download.byteCount == 2000)
        #expect(receive(data(3, 400), &download).reply == .acknowledgment(block: 3))
    }

    @Test("a server that knows no options is taken as it is")
    func noOptions() {
        var download = download()
        #expect(receive(data(1, 512), &download).reply == .acknowledgment(block: 1))
        #expect(download.blockSize == 512)
        #expect(receive(data(2, 0), &download).reply == .acknowledgment(block: 2))
        #expect(download.isComplete)
    }

    @Test("what a server may not answer ends the transfer with an ERROR to it")
    func badOptions() {
        for option in [TFTPOption(.blockSize, 1001), TFTPOption(.windowSize, 5), TFTPOption(.timeout, 1)] {
            var download = download()
            let step = receive(TFTPPacket.optionAcknowledgment([option]).bytes, &download)
            guard case .error(.optionNegotiation, _)? = step.reply else {
                Issue.record("\(option) was answered by \(String(describing: step.reply))")
                continue
            }
            #expect(download.isOver)
        }
    }

    @Test("another port than the one that answered is a stranger's; its packets change nothing")
    func stranger() {
        var download = download()
        _ = receive(data(1, 512), &download)
        let other = IPv4Endpoint(server.address, port: 4001)
        #expect(receive(data(2, 3), &download, from: other).isStranger)
        #expect(!download.isComplete)
    }

    @Test("the request is repeated, then the last acknowledgment, and in the end the server is given up")
    func silence() {
        var download = download { $0.retries = 2 }
        #expect(download.expire(at: 999_999).reply == nil)
        #expect(download.expire(at: 1_000_000).reply == .readRequest(download.request))
        _ = receive(data(1, 512), &download, at: 1_500_000)
        #expect(download.expire(at: 2_500_000).reply == .acknowledgment(block: 1))
        #expect(download.expire(at: 3_500_000).reply == .acknowledgment(block: 1))
        _ = download.expire(at: 4_500_000)
        #expect(download.failure == .fellSilent)
    }

    @Test("an ERROR is the failure, in words")
    func refused() {
        var download = download()
        _ = receive(TFTPPacket.error(.fileNotFound, message: "file not found").bytes, &download)
        #expect(download.failure?.description == "the server refuses: file not found (error 1)")
    }
}

@Suite("TFTP text mode")
struct NetasciiTests {
    @Test("line ends and lone carriage returns", arguments: [("a\nb", "a\r\nb"), ("a\rb", "a\r\0b"), ("", "")])
    func encode(text: String, wire: String) {
        #expect(Netascii.encode(Array(text.utf8)) == Array(wire.utf8))
        var decoder = NetasciiDecoder()
        #expect(decoder.decode(Array(wire.utf8)) + decoder.finish() == Array(text.utf8))
    }
}
