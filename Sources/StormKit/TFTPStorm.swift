public import BootProtocols
internal import Glibc
public import PacketIO

/// Many TFTP clients at once, each with a socket and a file of its own to fetch: what a rack does when it is switched
/// on. The protocol is `TFTPDownload`; this is the loop around it, on the caller's thread.
public struct TFTPStorm: ~Copyable {
    /// What is fetched, by how many, and how.
    public struct Load: Sendable {
        public var server: IPv4Endpoint
        /// As the server knows the file.
        public var name: String
        public var clients = 1
        /// Files that each client fetches, one after the other.
        public var rounds = 1
        public var wishes = TFTPDownload.Wishes()
        /// Addresses of this host that the clients share; empty: one, as the kernel chooses.
        public var sources: [IPv4Address] = []
        /// Seconds after which all that is open has failed.
        public var limit = 300.0

        public init(server: IPv4Endpoint, name: String) {
            self.server = server
            self.name = name
        }
    }

    private final class Client {
        let source: IPv4Address
        let token: UInt64
        private(set) var socket: UDPSocket
        var download: TFTPDownload
        var began: Int64
        var roundsLeft: Int

        init(_ source: IPv4Address, token: UInt64, _ load: Load, at now: Int64) throws(SystemError) {
            self.source = source
            self.token = token
            socket = try Self.open(source)
            download = TFTPDownload(load.name, from: load.server, load.wishes, at: now)
            began = now
            roundsLeft = load.rounds
        }

        /// Each transfer has a port of its own (RFC 1350, 4): a server that still repeats the last block of the one
        /// before, whose acknowledgment was lost, is not to be heard in the next.
        func renewPort() throws(SystemError) { socket = try Self.open(source) }

        private static func open(_ source: IPv4Address) throws(SystemError) -> UDPSocket {
            let socket = try UDPSocket(.init(address: source, port: 0, bufferSize: 1 << 20))
            socket.joinSegments()
            return socket
        }
    }

    private let load: Load
    private let poller: Poller
    private let clients: [Client]
    private var receiver = JoinedReceiver()
    private var open = 0
    private var tally = TFTPStormTally()

    public init(_ load: Load) throws(SystemError) {
        let poller = try Poller(waker: Waker())
        var clients: [Client] = []
        let now = monotonicMicroseconds()
        for index in 0..<max(load.clients, 1) {
            let source = load.sources.isEmpty ? .any : load.sources[index % load.sources.count]
            let client = try Client(source, token: UInt64(index), load, at: now)
            try poller.add(client.socket.descriptor, token: client.token)
            clients.append(client)
        }
        self.load = load
        self.poller = poller
        self.clients = clients
    }

    /// Runs until every client has its files or has given up.
    public mutating func run() throws(SystemError) -> TFTPStormReport {
        let start = monotonicMicroseconds()
        open = clients.count
        for client in clients { try begin(client, at: monotonicMicroseconds()) }
        var swept = start
        while open > 0, monotonicMicroseconds() - start < Int64(load.limit * 1e6) {
            var ready: [Int] = []
            try poller.wait(milliseconds: 50) { token, _ in ready.append(Int(token)) }
            for index in ready { try receive(clients[index]) }
            let now = monotonicMicroseconds()
            guard now - swept > 50_000 else { continue }
            swept = now
            for client in clients { try expire(client, at: now) }
        }
        tally.failures["not done within the limit"] = open > 0 ? open : nil
        return TFTPStormReport(tally, load, microseconds: monotonicMicroseconds() - start)
    }

    private mutating func begin(_ client: Client, at now: Int64) throws(SystemError) {
        client.download = TFTPDownload(load.name, from: load.server, load.wishes, at: now)
        client.began = now
        try send(.readRequest(client.download.request), client, to: load.server)
    }

    /// Takes what waits, some packets at a time, so that every client has its turn.
    private mutating func receive(_ client: Client) throws(SystemError) {
        for _ in 0..<4 {
            let now = monotonicMicroseconds()
            var replies: [(TFTPPacket, IPv4Endpoint)] = []
            let some: Bool
            do throws(SystemError) {
                some = try receiver.receive(from: client.socket) { source, bytes in
                    guard !client.download.isOver else { return }
                    let step = client.download.receive(bytes, from: source, at: now)
                    if let payload = step.payload { tally.bytes += payload.count }
                    if let reply = step.reply { replies.append((reply, client.download.server)) }
                }
            } catch {
                // A server that is not there, told by ICMP: the client's patience deals with it.
                some = false
            }
            for (packet, server) in replies { try send(packet, client, to: server) }
            if client.download.isOver { return try settle(client, at: now) }
            if !some { return }
        }
    }

    private mutating func expire(_ client: Client, at now: Int64) throws(SystemError) {
        guard client.roundsLeft > 0 else { return }
        let step = client.download.expire(at: now)
        if let reply = step.reply { try send(reply, client, to: client.download.server) }
        if client.download.isOver { try settle(client, at: now) }
    }

    /// A file is there, or will not come.
    private mutating func settle(_ client: Client, at now: Int64) throws(SystemError) {
        guard client.roundsLeft > 0 else { return }
        tally.retransmissions += client.download.retransmissions
        if let failure = client.download.failure {
            tally.failures["\(failure)", default: 0] += 1
        } else {
            tally.completed += 1
            tally.completion.record((now - client.began) * 1000)
        }
        client.roundsLeft -= 1
        if client.roundsLeft > 0 {
            try client.renewPort()
            try poller.add(client.socket.descriptor, token: client.token)
            return try begin(client, at: now)
        }
        open -= 1
    }

    private mutating func send(_ packet: TFTPPacket, _ client: Client, to server: IPv4Endpoint) throws(SystemError) {
        let bytes = packet.bytes
        do throws(SystemError) {
            try client.socket.send(bytes.span.bytes, to: server)
        } catch {
            // Lost on the way, as far as the protocol is concerned.
            tally.unsent += 1
        }
    }
}

/// What came of a storm.
struct TFTPStormTally {
    var bytes = 0
    var completed = 0
    var failures: [String: Int] = [:]
    var retransmissions = 0
    var unsent = 0
    var completion = LatencyHistogram()
}
