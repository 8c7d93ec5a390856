/// What a switch says of itself and of the port that a cable ends in: LLDP (IEEE 802.1AB), by which every bridge tells its
/// neighbours each half minute.
public struct LLDPFrame: Hashable, Sendable {
    /// The address that no bridge passes on (802.1AB, 7.1): what is heard there is said by the other end of the cable.
    public static let group = MACAddress(value: 0x0180_c200_000e)

    /// The switch: a name, a MAC address or a network address as text.
    public var chassis: String
    /// The port: a name, a MAC address or a number as text.
    public var port: String
    /// In the words of whoever runs the switch.
    public var portDescription: String?
    public var systemName: String?
    public var systemDescription: String?
    /// Where the switch is managed, if that is an IPv4 address.
    public var managementAddress: IPv4Address?
    /// The VLAN that untagged frames belong to (802.1Q, D.2.1), 1...4094.
    public var portVLAN: UInt16?
    /// Seconds for which this holds; 0: it does no more.
    public var timeToLive: UInt16

    /// Bytes of one text that are kept.
    private static let longest = 255
    /// The three TLVs that come first in each frame, in this order (802.1AB, 8.2), and those that are read of the others.
    private enum Kind {
        static let end: UInt16 = 0
        static let chassis: UInt16 = 1
        static let port: UInt16 = 2
        static let timeToLive: UInt16 = 3
        static let portDescription: UInt16 = 4
        static let systemName: UInt16 = 5
        static let systemDescription: UInt16 = 6
        static let managementAddress: UInt16 = 8
        static let organization: UInt16 = 127
    }

    /// Reads an Ethernet frame, from the destination MAC on. What follows the TLV that ends it is passed over.
    public init(decodingFrame frame: [UInt8]) throws(FrameError) {
        var reader = ByteReader(frame)
        let ethernet = try EthernetHeader(&reader)
        guard ethernet.type == .lldp else {
            throw .malformed(layer: "Ethernet", reason: "the frame does not carry LLDP")
        }
        let chassis = try Self.next(&reader, Kind.chassis, "chassis ID", atLeast: 2)
        let port = try Self.next(&reader, Kind.port, "port ID", atLeast: 2)
        var time = ByteReader(try Self.next(&reader, Kind.timeToLive, "time to live", atLeast: 2))
        timeToLive = time.uint16() ?? 0
        // 802.1AB, tables 8-2 and 8-3.
        self.chassis = Self.identifier(chassis, macs: [4], networkAddresses: [5])
        self.port = Self.identifier(port, macs: [3], networkAddresses: [4])
        while let (kind, value) = try Self.tlv(&reader), kind != Kind.end { take(kind, value) }
    }

    private mutating func take(_ kind: UInt16, _ value: ArraySlice<UInt8>) {
        switch kind {
        case Kind.portDescription: portDescription = Self.text(value)
        case Kind.systemName: systemName = Self.text(value)
        case Kind.systemDescription: systemDescription = Self.text(value)
        case Kind.managementAddress:
            // 802.1AB, 8.5.9: the length of the subtype and the address, then both.
            var reader = ByteReader(value)
            guard managementAddress == nil, reader.uint8() == 5, reader.uint8() == 1 else { return }
            managementAddress = reader.ipv4Address()
        case Kind.organization:
            // 802.1Q, D.2.1: 00-80-C2, subtype 1.
            var reader = ByteReader(value)
            guard reader.uint16() == 0x0080, reader.uint16() == 0xc201, let number = reader.uint16() else { return }
            portVLAN = (1...4094).contains(number) ? number : nil
        default: return
        }
    }

    private static func next(
        _ reader: inout ByteReader, _ kind: UInt16, _ name: String, atLeast size: Int
    ) throws(FrameError) -> ArraySlice<UInt8> {
        guard let (found, value) = try tlv(&reader), found == kind, value.count >= size else {
            throw .malformed(layer: "LLDP", reason: "its \(name) is not where it belongs")
        }
        return value
    }

    /// Seven bits of kind, nine of length (802.1AB, 8.4). Nil at the end of the frame.
    private static func tlv(_ reader: inout ByteReader) throws(FrameError) -> (UInt16, ArraySlice<UInt8>)? {
        guard let head = reader.uint16() else { return nil }
        let (length, available) = (Int(head & 0x1ff), reader.remaining)
        guard let value = reader.slice(length) else {
            throw .truncated(layer: "LLDP", needed: length, available: available)
        }
        return (head >> 9, value)
    }

    /// A subtype and what it says is the form of the rest: an address, or text.
    private static func identifier(
        _ bytes: ArraySlice<UInt8>, macs: Set<UInt8>, networkAddresses: Set<UInt8>
    ) -> String {
        var reader = ByteReader(bytes)
        let kind = reader.uint8() ?? 0
        if macs.contains(kind), reader.remaining == 6, let mac = reader.macAddress() { return mac.description }
        if networkAddresses.contains(kind), reader.remaining == 5, reader.uint8() == 1,
            let address = reader.ipv4Address()
        {
            return address.description
        }
        let rest = bytes.dropFirst()
        // Neither a name nor an address that is known here.
        guard rest.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return rest.prefix(32).map(hexText).joined() }
        return text(rest) ?? ""
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        let text = String(printable: bytes.prefix(longest), longest: longest)
        return text.isEmpty ? nil : text
    }
}
