/// The header of an IPv4 packet (RFC 791, 3.1). Options are passed over when read and never written.
public struct IPv4Header: Hashable, Sendable {
    /// Bytes of a header without options.
    public static let minimumSize = 20
    /// The protocol number of UDP.
    public static let udp: UInt8 = 17

    public var source: IPv4Address
    public var destination: IPv4Address
    public var protocolNumber: UInt8
    public var timeToLive: UInt8
    /// Bytes of header and payload together.
    public var totalLength: UInt16

    public init(
        source: IPv4Address, destination: IPv4Address, protocolNumber: UInt8, timeToLive: UInt8 = 64,
        totalLength: UInt16
    ) {
        self.source = source
        self.destination = destination
        self.protocolNumber = protocolNumber
        self.timeToLive = timeToLive
        self.totalLength = totalLength
    }

    /// Reads the header at the front of `packet` and gives the payload, cut to the header's length field:
    /// short Ethernet frames carry padding behind it.
    static func decode(_ packet: ArraySlice<UInt8>) throws(FrameError) -> (IPv4Header, payload: ArraySlice<UInt8>) {
        var reader = ByteReader(packet)
        guard let version = reader.uint8(), reader.uint8() != nil, let totalLength = reader.uint16(),
            reader.uint16() != nil, let fragment = reader.uint16(), let timeToLive = reader.uint8(),
            let protocolNumber = reader.uint8(), reader.uint16() != nil, let source = reader.ipv4Address(),
            let destination = reader.ipv4Address()
        else { throw .truncated(layer: "IPv4", needed: minimumSize, available: packet.count) }
        let headerLength = Int(version & 0x0f) * 4
        guard version >> 4 == 4, headerLength >= minimumSize, Int(totalLength) >= headerLength else {
            throw .malformed(layer: "IPv4", reason: "version or lengths are wrong")
        }
        guard packet.count >= Int(totalLength) else {
            throw .truncated(layer: "IPv4", needed: Int(totalLength), available: packet.count)
        }
        var checksum = InternetChecksum()
        checksum.add(packet.prefix(headerLength))
        guard checksum.value == 0 else { throw .badChecksum(layer: "IPv4") }
        // More fragments, or an offset: RFC 791, 3.1. "Don't fragment" (0x4000) is no fragment.
        guard fragment & 0x3fff == 0 else { throw .fragment }
        let header = IPv4Header(
            source: source, destination: destination, protocolNumber: protocolNumber, timeToLive: timeToLive,
            totalLength: totalLength)
        return (header, packet.prefix(Int(totalLength)).dropFirst(headerLength))
    }

    /// Writes twenty bytes with their checksum. "Don't fragment" stays clear: it confuses some BIOS ROMs.
    func write(to writer: inout ByteWriter) {
        var header = ByteWriter(capacity: Self.minimumSize)
        header.write(0x4500 as UInt16)
        header.write(totalLength)
        header.write(0 as UInt32)
        header.write(timeToLive)
        header.write(protocolNumber)
        var checksum = InternetChecksum()
        checksum.add(header.bytes[...])
        checksum.add(source)
        checksum.add(destination)
        header.write(checksum.value)
        header.write(source)
        header.write(destination)
        writer.write(contentsOf: header.bytes)
    }
}
