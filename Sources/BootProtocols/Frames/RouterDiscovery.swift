/// An ICMPv6 router solicitation in an Ethernet frame (RFC 4861, 4.1): a machine asks whether there is a router.
public struct RouterSolicitation: Hashable, Sendable {
    /// The ICMPv6 message type.
    public static let type: UInt8 = 133

    /// The asking machine's MAC, out of the Ethernet header.
    public let mac: MACAddress
    /// Its address on this link; never `::`, which cannot be answered by unicast.
    public let source: IPv6Address

    /// Reads a frame, with all that section 6.1.1 wants verified of a solicitation that a router takes.
    public init(decodingFrame frame: [UInt8]) throws(FrameError) {
        var reader = ByteReader(frame)
        let ethernet = try EthernetHeader(&reader)
        guard ethernet.type == .ipv6 else {
            throw .malformed(layer: "Ethernet", reason: "the frame does not carry IPv6")
        }
        let available = reader.remaining
        guard let version = reader.uint32(), let length = reader.uint16(), let next = reader.uint8(),
            let hops = reader.uint8(), let source = reader.ipv6Address(), let destination = reader.ipv6Address(),
            let message = reader.slice(Int(length))
        else { throw .truncated(layer: "IPv6", needed: IPv6Packet.headerSize, available: available) }
        guard version >> 28 == 6, next == IPv6Packet.icmpv6 else {
            throw .malformed(layer: "IPv6", reason: "the packet does not carry ICMPv6")
        }
        // No router passes 255 on: the sender is on this link.
        guard hops == 255, source.isLinkLocal else {
            throw .malformed(layer: "IPv6", reason: "not from a machine on this link")
        }
        guard IPv6Packet.checksum(of: message, from: source, to: destination) == 0 else {
            throw .badChecksum(layer: "ICMPv6")
        }
        guard message.count >= 8, message.first == Self.type, message.dropFirst().first == 0 else {
            throw .malformed(layer: "ICMPv6", reason: "not a router solicitation")
        }
        guard Self.optionsAreWhole(message.dropFirst(8)) else {
            throw .malformed(layer: "ICMPv6", reason: "an option of length 0, or beyond the message")
        }
        mac = ethernet.source
        self.source = source
    }

    /// Each option has a type and its length in units of 8 octets, never 0 (section 4.6).
    private static func optionsAreWhole(_ options: ArraySlice<UInt8>) -> Bool {
        var reader = ByteReader(options)
        while reader.remaining > 0 {
            guard reader.uint8() != nil, let length = reader.uint8(), length > 0,
                reader.slice(Int(length) * 8 - 2) != nil
            else { return false }
        }
        return true
    }
}

/// A router advertisement that offers nothing (RFC 4861, 4.2): router lifetime 0, no prefix, no DHCPv6. Whoever asked
/// knows at once that no router will configure it, and keeps all that it has: each field says "unspecified".
public struct NoRouterAdvertisement: Hashable, Sendable {
    /// The ICMPv6 message type.
    public static let type: UInt8 = 134

    /// The machine that gets it.
    public let solicitation: RouterSolicitation
    /// The interface that it leaves from.
    public let mac: MACAddress

    public init(answering solicitation: RouterSolicitation, from mac: MACAddress) {
        self.solicitation = solicitation
        self.mac = mac
    }

    /// The frame as a packet socket sends it.
    public var frame: [UInt8] {
        let source = IPv6Address(linkLocalOf: mac)
        // Type, code, checksum; hop limit, flags M and O, lifetime; reachable time; retransmission timer.
        var message = [UInt8](repeating: 0, count: 16)
        message[0] = Self.type
        let checksum = IPv6Packet.checksum(of: message[...], from: source, to: solicitation.source)
        message[2] = UInt8(truncatingIfNeeded: checksum >> 8)
        message[3] = UInt8(truncatingIfNeeded: checksum)
        var writer = ByteWriter(capacity: EthernetHeader.size + IPv6Packet.headerSize + message.count)
        EthernetHeader(destination: solicitation.mac, source: mac, type: .ipv6).write(to: &writer)
        writer.write(0x6000_0000 as UInt32)
        writer.write(UInt16(truncatingIfNeeded: message.count))
        writer.write(IPv6Packet.icmpv6)
        writer.write(255 as UInt8)
        writer.write(source)
        writer.write(solicitation.source)
        writer.write(contentsOf: message)
        return writer.bytes
    }
}

/// What the two messages share of IPv6 (RFC 8200).
enum IPv6Packet {
    static let headerSize = 40
    /// The next-header number of ICMPv6.
    static let icmpv6: UInt8 = 58

    /// Of an ICMPv6 message behind its pseudo-header (RFC 8200, 8.1): 0 over a message that holds its own right one.
    static func checksum(of message: ArraySlice<UInt8>, from source: IPv6Address, to target: IPv6Address) -> UInt16 {
        var pseudo = ByteWriter(capacity: headerSize)
        pseudo.write(source)
        pseudo.write(target)
        pseudo.write(UInt32(truncatingIfNeeded: message.count))
        pseudo.write(UInt32(icmpv6))
        var checksum = InternetChecksum()
        checksum.add(pseudo.bytes[...])
        checksum.add(message)
        return checksum.value
    }
}
