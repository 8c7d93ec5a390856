import BootProtocols
import PacketIO

/// Fetches one file: the loop around a `TFTPDownload`.
struct TFTPFetch: ~Copyable {
    struct Result {
        var bytes: Int
        var seconds: Double
        var blockSize: Int
        var windowSize: Int
        var retransmissions: Int

        /// For people.
        func line(_ name: String) -> String {
            let rate = seconds > 0 ? Double(bytes) / seconds / 1e6 : 0
            let again = retransmissions > 0 ? ", \(retransmissions) packets sent again" : ""
            let rounded = (rate * 10).rounded() / 10
            return "\(name): \(bytes) bytes in \((seconds * 1000).rounded() / 1000) s, \(rounded) MB/s, "
                + "blksize \(blockSize), windowsize \(windowSize)\(again)"
        }
    }

    /// A transfer that failed, with the server named.
    struct Failure: Error, CustomStringConvertible {
        var name: String
        var server: IPv4Endpoint
        var reason: TFTPDownload.Failure

        var description: String {
            let advice =
                switch reason {
                case .noAnswer:
                    ". Is a server there (`perseid serve`), and does a firewall let UDP \(server.port) and its answers, "
                        + "which come from another port, through?"
                case .fellSilent: ". Try a smaller --blksize or --windowsize: large packets may not get through"
                case .refused, .badOptions, .blockTooLong: ""
                }
            return "\(name) from \(server): \(reason)\(advice)"
        }
    }

    private let name: String
    private let file: DownloadFile
    private let port: Port
    private let asked: IPv4Endpoint
    private var download: TFTPDownload
    /// Of a text, which goes over the wire with lines that end in CR LF; nil for bytes as they are.
    private var text: NetasciiDecoder?
    private let started: Int64

    init(_ name: String, from server: IPv4Endpoint, _ wishes: TFTPDownload.Wishes, into file: DownloadFile) throws {
        self.name = name
        self.file = file
        asked = server
        started = monotonicMicroseconds()
        port = try Port()
        download = TFTPDownload(name, from: server, wishes, at: started)
        text = wishes.mode == .netascii ? NetasciiDecoder() : nil
    }

    /// Runs to the end. `progress` is called now and then with the bytes so far and the size, if it is known.
    mutating func run(_ progress: (Int, Int?) -> Void) throws -> Result {
        let poller = try Poller(waker: Waker())
        try poller.add(port.socket.descriptor, token: 0)
        try send(.readRequest(download.request), to: asked)
        var receiver = JoinedReceiver()
        var shown: Int64 = 0
        while !download.isOver {
            let now = monotonicMicroseconds()
            let wait = download.deadline.map { max(0, ($0 - now + 999) / 1000) }
            try poller.wait(milliseconds: wait) { _, _ in }
            while try receive(by: &receiver) {}
            let expired = download.expire(at: monotonicMicroseconds())
            if let reply = expired.reply { try send(reply, to: download.server) }
            if now - shown > 200_000 {
                shown = now
                progress(download.byteCount, download.announcedSize)
            }
        }
        if let reason = download.failure { throw Failure(name: name, server: asked, reason: reason) }
        if let rest = text?.finish() { try file.write(rest.span.bytes) }
        return Result(
            bytes: download.byteCount, seconds: Double(monotonicMicroseconds() - started) / 1e6,
            blockSize: download.blockSize, windowSize: download.windowSize,
            retransmissions: download.retransmissions)
    }

    private mutating func receive(by receiver: inout JoinedReceiver) throws -> Bool {
        var failure: (any Error)?
        let now = monotonicMicroseconds()
        let port = port
        let some = try receiver.receive(from: port.socket) { source, bytes in
            do { try take(bytes, from: source, at: now) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return some
    }

    private mutating func take(_ bytes: RawSpan, from source: IPv4Endpoint, at now: Int64) throws {
        let step = download.receive(bytes, from: source, at: now)
        if let payload = step.payload { try keep(bytes.extracting(payload)) }
        if step.isStranger { try send(.error(.unknownTransferID, message: "unknown transfer ID"), to: source) }
        if let reply = step.reply { try send(reply, to: download.server) }
    }

    private mutating func keep(_ payload: RawSpan) throws {
        guard text != nil else { return try file.write(payload) }
        let wire = payload.withUnsafeBytes { Array($0) }
        if let lines = text?.decode(wire) { try file.write(lines.span.bytes) }
    }

    private func send(_ packet: TFTPPacket, to server: IPv4Endpoint) throws {
        let bytes = packet.bytes
        try port.socket.send(bytes.span.bytes, to: server)
    }

    /// The socket, apart from what changes.
    private final class Port {
        let socket: UDPSocket

        init() throws(SystemError) {
            let socket = try UDPSocket(.init(address: .any, port: 0, bufferSize: 4 << 20))
            socket.joinSegments()
            self.socket = socket
        }
    }
}
