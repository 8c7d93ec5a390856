public import BootProtocols
public import PacketIO

/// The fleet as frames of its own making, in and out of packet sockets (CAP_NET_RAW): its nodes need no addresses of
/// this host.
///
/// Nodes without an address broadcast from 0.0.0.0 and are answered by broadcast or by a frame to their MAC (RFC 2131,
/// 4.1). Those that renew send from their own address to the server, those that rebind to all (RFC 2131, 4.4.5); the
/// server then asks for them by ARP, and is answered.
public struct DirectLink: ~Copyable {
    /// Where the nodes are.
    public enum Place: Hashable, Sendable {
        /// On the server's own link, each with its MAC.
        case onLink
        /// Behind a router, whose MAC is this interface's: what they send by unicast comes without a relay agent.
        case behindRouter
    }

    private let socket: PacketSocket
    private let resolver: PacketSocket
    private let interface: NetworkInterface
    private let place: Place
    private let templates: [Fleet.Outgoing.Kind: FrameTemplate]
    private let frame: UnsafeMutableRawBufferPointer
    /// The MAC that the server's address was found at.
    private var serverMAC: MACAddress?
    /// ARP requests that were not looked at yet.
    private var questions: [ARPPacket] = []

    /// - Parameter broadcasts: the nodes ask for answers by broadcast, as EDK2 does.
    public init(
        interface: NetworkInterface, shape: ClientShape, broadcasts: Bool, place: Place = .onLink
    ) throws {
        let messages = try MessageSet(shape, broadcasts: broadcasts, hops: 0)
        var templates: [Fleet.Outgoing.Kind: FrameTemplate] = [:]
        for kind in Fleet.Outgoing.Kind.allCases { templates[kind] = try FrameTemplate(messages[kind]) }
        let socket = try PacketSocket(interface: interface, filter: .udpPort(68))
        // The nodes' MACs are none of this interface's.
        try socket.hearAll()
        let resolver = try PacketSocket(interface: interface, filter: .etherType(EtherType.arp.rawValue))
        self.resolver = resolver
        self.templates = templates
        self.socket = socket
        self.interface = interface
        self.place = place
        frame = .allocate(byteCount: 2048, alignment: 16)
    }

    deinit { frame.deallocate() }
}

// MARK: - Sending

extension DirectLink: StormLink {
    func watch(with poller: borrowing Poller) throws(SystemError) {
        try poller.add(socket.descriptor, token: 0)
        try poller.add(resolver.descriptor, token: 1)
    }

    var room: Int { 256 }

    mutating func send(_ outgoing: [Fleet.Outgoing], of fleet: borrowing Fleet) throws(SystemError) -> Int {
        var unsent = 0
        for message in outgoing {
            let mac = fleet.mac(of: message.node)
            guard let template = templates[message.kind], let route = route(of: message, mac: mac) else {
                unsent += 1
                continue
            }
            let size = template.write(.init(message, mac: mac, relay: .any), along: route, to: frame)
            let bytes = UnsafeRawBufferPointer(rebasing: frame[..<size])
            if try !socket.send(frame: bytes.bytes) { unsent += 1 }
        }
        return unsent
    }

    /// Nil where the server was not found.
    private func route(of message: Fleet.Outgoing, mac: UInt64) -> FrameTemplate.Route? {
        let source = source(of: mac)
        switch message.kind {
        case .discover, .request:
            return .init(
                source: source, destination: .broadcast, sourceAddress: 0,
                destinationAddress: IPv4Address.broadcast.value)
        case .rebinding:
            return .init(
                source: source, destination: .broadcast, sourceAddress: message.address,
                destinationAddress: IPv4Address.broadcast.value)
        case .renewal:
            guard let serverMAC else { return nil }
            return .init(
                source: source, destination: serverMAC, sourceAddress: message.address,
                destinationAddress: message.server)
        }
    }

    /// The MAC that a node is at, as seen from the server's link.
    private func source(of mac: UInt64) -> MACAddress {
        switch place {
        case .onLink: MACAddress(value: mac)
        case .behindRouter: interface.mac ?? MACAddress(value: mac)
        }
    }

    mutating func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) -> Int {
        try receiveQuestions()
        var count = 0
        while count < room, let arrived = try socket.receive(into: frame) {
            count += 1
            // The kernel's filter has let IPv4 UDP through alone; the header's length is in words (RFC 791, 3.1).
            guard arrived.count > FrameTemplate.headerSize else { continue }
            let start = 14 + Int(frame[14] & 0x0f) * 4 + 8
            guard start < arrived.count else { continue }
            body(UnsafeRawBufferPointer(rebasing: frame[start..<arrived.count]))
        }
        return count
    }
}

// MARK: - ARP

extension DirectLink {
    /// Finds the server's MAC by an ARP probe, as renewals need it.
    /// - Throws: `ServerNotOnLink` if nobody answers for 3 s.
    public mutating func find(_ server: IPv4Address) throws {
        guard let mac = interface.mac else { throw ServerNotOnLink(server: server, interface: interface.name) }
        let probe = ARPPacket(
            operation: .request, senderMAC: mac, senderAddress: .any, targetMAC: MACAddress(value: 0),
            targetAddress: server
        ).frame(to: .broadcast)
        let poller = try Poller(waker: Waker())
        try poller.add(resolver.descriptor, token: 1)
        for _ in 0..<3 where serverMAC == nil {
            try resolver.send(frame: probe.span.bytes)
            try poller.wait(milliseconds: 1000) { _, _ in }
            while serverMAC == nil, let packet = try nextARP() {
                if packet.operation == .reply, packet.senderAddress == server { serverMAC = packet.senderMAC }
            }
        }
        guard serverMAC != nil else { throw ServerNotOnLink(server: server, interface: interface.name) }
    }

    private func nextARP() throws(SystemError) -> ARPPacket? {
        while let arrived = try resolver.receive(into: frame) {
            if let packet = try? ARPPacket(decodingFrame: Array(frame.prefix(arrived.count))) { return packet }
        }
        return nil
    }

    private mutating func receiveQuestions() throws(SystemError) {
        while questions.count < room, let packet = try nextARP() {
            if packet.operation == .request { questions.append(packet) }
        }
    }

    /// Answers for the addresses that nodes have.
    mutating func attend(to fleet: borrowing Fleet) throws(SystemError) {
        for question in questions {
            guard let node = fleet.holder(of: question.targetAddress) else { continue }
            let answer = ARPPacket(
                operation: .reply, senderMAC: source(of: fleet.mac(of: node)), senderAddress: question.targetAddress,
                targetMAC: question.senderMAC, targetAddress: question.senderAddress)
            try resolver.send(frame: answer.frame(to: question.senderMAC).span.bytes)
        }
        questions.removeAll(keepingCapacity: true)
    }
}

/// Nobody on the link has the server's address.
public struct ServerNotOnLink: Error, CustomStringConvertible {
    public let server: IPv4Address
    public let interface: String

    public var description: String {
        "nobody on \(interface) answers ARP for \(server). Renewals by unicast need the server on that link; is "
            + "--server its address, and --interface the right one?"
    }
}
