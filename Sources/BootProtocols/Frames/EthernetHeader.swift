/// What an Ethernet frame carries (IEEE 802.3, 3.2.6).
public struct EtherType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let ipv4 = Self(rawValue: 0x0800)
    public static let arp = Self(rawValue: 0x0806)
    public static let ipv6 = Self(rawValue: 0x86dd)
    public static let lldp = Self(rawValue: 0x88cc)
}

/// The header of an untagged Ethernet II frame. A VLAN tag (IEEE 802.1Q) shows as EtherType 0x8100;
/// Linux takes it off before a packet socket or a capture on the VLAN's interface sees the frame.
public struct EthernetHeader: Hashable, Sendable {
    /// Bytes of the header; the frame check sequence is the network card's.
    public static let size = 14

    public var destination: MACAddress
    public var source: MACAddress
    public var type: EtherType

    public init(destination: MACAddress, source: MACAddress, type: EtherType) {
        self.destination = destination
        self.source = source
        self.type = type
    }

    init(_ reader: inout ByteReader) throws(FrameError) {
        let available = reader.remaining
        guard let destination = reader.macAddress(), let source = reader.macAddress(), let type = reader.uint16() else {
            throw .truncated(layer: "Ethernet", needed: Self.size, available: available)
        }
        self.init(destination: destination, source: source, type: EtherType(rawValue: type))
    }

    func write(to writer: inout ByteWriter) {
        writer.write(destination)
        writer.write(source)
        writer.write(type.rawValue)
    }
}
