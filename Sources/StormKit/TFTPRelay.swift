public import BootProtocols
internal import Glibc
public import PacketIO

/// A bad network between TFTP clients and their server: a relay that loses datagrams and lets some overtake others.
///
/// Clients talk to the relay's port; each has a socket of its own towards the server, so that the server tells them
/// apart, and hears the server's answers from the relay's port, as from a server in single-port mode.
public struct TFTPRelay: ~Copyable {
    /// How bad it is, in each direction.
    public struct Weather: Hashable, Sendable {
        /// Shares of all datagrams, 0...1.
        public var loss: Double
        public var reordering: Double

        public init(loss: Double, reordering: Double) {
            self.loss = loss
            self.reordering = reordering
        }
    }

    private final class Way {
        let client: IPv4Endpoint
        let socket: UDPSocket
        /// The server's port of the transfer, once it has answered.
        var server: IPv4Endpoint?
        /// What was held back, and the datagrams that are still to overtake it.
        var held: (bytes: [UInt8], toServer: Bool, wait: Int)?

        init(_ client: IPv4Endpoint) throws(SystemError) {
            self.client = client
            socket = try UDPSocket(.init(address: .any, port: 0, bufferSize: 4 << 20))
            socket.joinSegments()
        }
    }

    /// Where clients ask.
    public var local: IPv4Endpoint { front.local }
    private let front: UDPSocket
    private let server: IPv4Endpoint
    private let weather: Weather
    private let waker: Waker
    private var ways: [Way] = []
    private var receiver = JoinedReceiver()
    private var random: UInt64

    public init(
        at local: IPv4Endpoint, to server: IPv4Endpoint, _ weather: Weather, seed: UInt64, waker: Waker
    ) throws(SystemError) {
        let front = try UDPSocket(.init(address: local.address, port: local.port, bufferSize: 4 << 20))
        front.joinSegments()
        self.front = front
        self.server = server
        self.weather = weather
        self.waker = waker
        random = Self.scrambled(seed)
    }

    /// Relays on the caller's thread until the waker asks it to stop.
    public mutating func run() throws(SystemError) {
        let poller = try Poller(waker: waker)
        try poller.add(front.descriptor, token: 0)
        while !waker.isStopRequested {
            var ready: [UInt64] = []
            // What is held back and overtaken by nothing goes on after this.
            try poller.wait(milliseconds: ways.contains { $0.held != nil } ? 1 : nil) { token, _ in ready.append(token)
            }
            for token in ready {
                if token == 0 { try takeFromClients(poller) } else { try takeFromServer(Int(token) - 1) }
            }
            if ready.isEmpty { for way in ways { release(way) } }
        }
    }

    private mutating func takeFromClients(_ poller: borrowing Poller) throws(SystemError) {
        var arrived: [(IPv4Endpoint, [UInt8])] = []
        for _ in 0..<16 {
            let some = try? receiver.receive(from: front) { arrived.append(($0, $1.withUnsafeBytes(Array.init))) }
            guard some == true else { break }
        }
        for (client, bytes) in arrived {
            let isRequest = bytes.count > 1 && bytes[0] == 0 && (1...2).contains(bytes[1])
            pass(bytes, try way(of: client, isNew: isRequest, poller), toServer: true)
        }
    }

    private mutating func takeFromServer(_ index: Int) throws(SystemError) {
        guard ways.indices.contains(index) else { return }
        let way = ways[index]
        var arrived: [[UInt8]] = []
        let some = try? receiver.receive(from: way.socket) { source, bytes in
            way.server = source
            arrived.append(bytes.withUnsafeBytes(Array.init))
        }
        guard some == true else { return }
        for bytes in arrived { pass(bytes, way, toServer: false) }
    }

    private mutating func way(
        of client: IPv4Endpoint, isNew: Bool, _ poller: borrowing Poller
    ) throws(SystemError) -> Way {
        if let known = ways.first(where: { $0.client == client }) {
            if isNew { known.server = nil }
            return known
        }
        let way = try Way(client)
        ways.append(way)
        try poller.add(way.socket.descriptor, token: UInt64(ways.count))
        return way
    }

    /// Sends a datagram on, or loses it, or keeps it behind the next ones.
    private mutating func pass(_ bytes: [UInt8], _ way: Way, toServer: Bool) {
        if chance(weather.loss) { return }
        if way.held == nil, chance(weather.reordering) {
            way.held = (bytes, toServer, 3)
            return
        }
        put(bytes, way, toServer)
        guard way.held?.toServer == toServer else { return }
        way.held?.wait -= 1
        if way.held?.wait ?? 1 <= 0 { release(way) }
    }

    private func release(_ way: Way) {
        guard let held = way.held else { return }
        way.held = nil
        put(held.bytes, way, held.toServer)
    }

    private func put(_ bytes: [UInt8], _ way: Way, _ toServer: Bool) {
        let span = bytes.span.bytes
        // A full buffer loses it, which is what a bad network does.
        if toServer {
            _ = try? way.socket.send(span, to: way.server ?? server)
        } else {
            _ = try? front.send(span, to: way.client)
        }
    }

    /// Where the xorshift begins: from a small number its first draws would be small too, which loses the first
    /// datagrams for certain (the finalizer of MurmurHash3; odd, as 0 would stay 0).
    static func scrambled(_ seed: UInt64) -> UInt64 {
        var mixed = seed &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed >> 33) &* 0xff51_afd7_ed55_8ccd
        mixed = (mixed ^ mixed >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return (mixed ^ mixed >> 33) | 1
    }

    private mutating func chance(_ share: Double) -> Bool {
        share > 0 && Self.draw(&random) < share
    }

    /// 0..<1.
    static func draw(_ random: inout UInt64) -> Double {
        // Marsaglia's xorshift.
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Double(random >> 11) / 9_007_199_254_740_992
    }
}
