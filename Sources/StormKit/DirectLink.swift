import BootProtocols
public import PacketIO

/// The fleet on the server's own link: broadcast frames from a MAC of each node's own, answered by broadcast or by
/// frames to that MAC, as clients without an address are (RFC 2131, 4.1). Needs CAP_NET_RAW.
public struct DirectLink: ~Copyable {
    private let socket: PacketSocket
    private let messages: MessageSet
    /// The Ethernet, IPv4 and UDP headers of each kind of message.
    private let headers: [Fleet.Outgoing.Kind: [UInt8]]
    private let frame: UnsafeMutableRawBufferPointer

    private static let headerSize = 42
    private static let sourceMACOffset = 6
    private static let udpChecksumOffset = 40

    /// - Parameter broadcasts: the nodes ask for answers by broadcast, as EDK2 does.
    public init(interface: NetworkInterface, shape: ClientShape, broadcasts: Bool) throws {
        let messages = try MessageSet(shape, broadcasts: broadcasts, hops: 0)
        var headers: [Fleet.Outgoing.Kind: [UInt8]] = [:]
        for kind in [Fleet.Outgoing.Kind.discover, .request, .renewal] {
            headers[kind] = try Self.header(for: messages[kind].bytes)
        }
        let socket = try PacketSocket(interface: interface, filter: .udpPort(68))
        self.messages = messages
        self.headers = headers
        self.socket = socket
        frame = .allocate(byteCount: 2048, alignment: 16)
    }

    deinit { frame.deallocate() }

    private static func header(for payload: [UInt8]) throws(FrameError) -> [UInt8] {
        let whole = try UDPFrame(
            from: IPv4Endpoint(.any, port: 68), at: MACAddress(value: 0), to: IPv4Endpoint(.broadcast, port: 67),
            at: .broadcast, payload: payload)
        var bytes = Array(whole.bytes.prefix(headerSize))
        // The payload differs from node to node; 0 says "no checksum" (RFC 768).
        bytes.replaceSubrange(udpChecksumOffset..<udpChecksumOffset + 2, with: [0, 0])
        return bytes
    }
}

extension DirectLink: StormLink {
    func watch(with poller: borrowing Poller) throws(SystemError) { try poller.add(socket.descriptor, token: 0) }

    var room: Int { 256 }

    mutating func send(_ outgoing: [Fleet.Outgoing], of fleet: borrowing Fleet) throws(SystemError) -> Int {
        var unsent = 0
        for message in outgoing {
            guard let header = headers[message.kind] else { continue }
            let mac = fleet.mac(of: message.node)
            frame.copyBytes(from: header)
            frame.storeBytes(
                of: UInt32(truncatingIfNeeded: mac >> 16).bigEndian, toByteOffset: Self.sourceMACOffset, as: UInt32.self
            )
            frame.storeBytes(
                of: UInt16(truncatingIfNeeded: mac).bigEndian, toByteOffset: Self.sourceMACOffset + 4, as: UInt16.self)
            let payload = UnsafeMutableRawBufferPointer(rebasing: frame[Self.headerSize...])
            let size = messages[message.kind].write(.init(message, mac: mac, relay: .any), to: payload)
            let bytes = UnsafeRawBufferPointer(rebasing: frame[..<(Self.headerSize + size)])
            if try !socket.send(frame: bytes.bytes) { unsent += 1 }
        }
        return unsent
    }

    mutating func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) -> Int {
        var count = 0
        while count < room, let arrived = try socket.receive(into: frame) {
            count += 1
            // The kernel's filter has let IPv4 UDP through alone; the header's length is in words (RFC 791, 3.1).
            guard arrived.count > Self.headerSize else { continue }
            let start = 14 + Int(frame[14] & 0x0f) * 4 + 8
            guard start < arrived.count else { continue }
            body(UnsafeRawBufferPointer(rebasing: frame[start..<arrived.count]))
        }
        return count
    }
}
