/// An Ethernet frame that carries one UDP datagram over IPv4: what reaches a machine that has no address
/// yet and so answers no ARP (RFC 2131, 4.1).
public struct UDPFrame: Hashable, Sendable {
    public var ethernet: EthernetHeader
    public var ip: IPv4Header
    public var udp: UDPHeader
    public var payload: ArraySlice<UInt8>

    /// Reads a frame. IPv4's checksum is verified; UDP's by `checksumMatches`.
    public init(decoding frame: [UInt8]) throws(FrameError) {
        var reader = ByteReader(frame)
        ethernet = try EthernetHeader(&reader)
        guard ethernet.type == .ipv4 else {
            throw .malformed(layer: "Ethernet", reason: "the frame does not carry IPv4")
        }
        let (ip, datagram) = try IPv4Header.decode(frame.dropFirst(EthernetHeader.size))
        guard ip.protocolNumber == IPv4Header.udp else {
            throw .malformed(layer: "IPv4", reason: "the packet does not carry UDP")
        }
        self.ip = ip
        (udp, payload) = try UDPHeader.decode(datagram)
    }

    /// A frame to send, with its lengths and checksums.
    /// - Throws: `payloadTooLong` over 65,507 bytes.
    public init(
        from source: IPv4Endpoint, at sourceMAC: MACAddress, to destination: IPv4Endpoint,
        at destinationMAC: MACAddress, payload: [UInt8]
    ) throws(FrameError) {
        guard let length = UInt16(exactly: IPv4Header.minimumSize + UDPHeader.size + payload.count) else {
            throw .payloadTooLong(byteCount: payload.count)
        }
        ethernet = EthernetHeader(destination: destinationMAC, source: sourceMAC, type: .ipv4)
        ip = IPv4Header(
            source: source.address, destination: destination.address, protocolNumber: IPv4Header.udp,
            totalLength: length)
        udp = UDPHeader(sourcePort: source.port, destinationPort: destination.port)
        self.payload = payload[...]
        udp.checksum = expectedChecksum
    }

    /// Whether UDP's checksum is right or absent.
    public var checksumMatches: Bool { udp.checksum == 0 || udp.checksum == expectedChecksum }

    private var expectedChecksum: UInt16 {
        UDPHeader.checksum(source: ip.source, destination: ip.destination, header: udp, payload: payload)
    }

    /// The frame as a packet socket sends it, without the frame check sequence. The length is that of what is written:
    /// a frame that was read may have had IP options, or bytes behind its datagram.
    public var bytes: [UInt8] {
        var ip = ip
        ip.totalLength = UInt16(truncatingIfNeeded: IPv4Header.minimumSize + UDPHeader.size + payload.count)
        var writer = ByteWriter(capacity: EthernetHeader.size + Int(ip.totalLength))
        ethernet.write(to: &writer)
        ip.write(to: &writer)
        writer.write(udp.sourcePort)
        writer.write(udp.destinationPort)
        writer.write(UInt16(truncatingIfNeeded: UDPHeader.size + payload.count))
        writer.write(udp.checksum)
        writer.write(contentsOf: payload)
        return writer.bytes
    }
}
