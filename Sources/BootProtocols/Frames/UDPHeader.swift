/// The header of a UDP datagram (RFC 768).
public struct UDPHeader: Hashable, Sendable {
    /// Bytes of the header.
    public static let size = 8

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// Zero where the sender made none. Not verified when read: a capture on the sending machine holds
    /// what the network card was still to fill in.
    public var checksum: UInt16

    public init(sourcePort: UInt16, destinationPort: UInt16, checksum: UInt16 = 0) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.checksum = checksum
    }

    static func decode(_ datagram: ArraySlice<UInt8>) throws(FrameError) -> (UDPHeader, payload: ArraySlice<UInt8>) {
        var reader = ByteReader(datagram)
        guard let source = reader.uint16(), let destination = reader.uint16(), let length = reader.uint16(),
            let checksum = reader.uint16()
        else { throw .truncated(layer: "UDP", needed: size, available: datagram.count) }
        guard Int(length) >= size else { throw .malformed(layer: "UDP", reason: "a length of \(length) bytes") }
        guard let payload = reader.slice(Int(length) - size) else {
            throw .truncated(layer: "UDP", needed: Int(length), available: datagram.count)
        }
        return (UDPHeader(sourcePort: source, destinationPort: destination, checksum: checksum), payload)
    }

    /// The checksum over the pseudo header, this header and the payload; a sum of zero is sent as all
    /// ones, since zero says that there is none (RFC 768).
    static func checksum(
        source: IPv4Address, destination: IPv4Address, header: UDPHeader, payload: ArraySlice<UInt8>
    ) -> UInt16 {
        let length = UInt16(truncatingIfNeeded: size + payload.count)
        var sum = InternetChecksum()
        sum.add(source)
        sum.add(destination)
        for word in [UInt16(IPv4Header.udp), length, header.sourcePort, header.destinationPort, length] {
            sum.add(word)
        }
        sum.add(payload)
        return sum.value == 0 ? 0xffff : sum.value
    }
}
