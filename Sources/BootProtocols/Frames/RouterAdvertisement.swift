/// An IPv6 router advertisement that offers nothing (RFC 4861, 4.2): no router, no prefix, no DHCPv6.
///
/// It is the one word of IPv6 that a boot over IPv4 needs: iPXE asks for a router beside its DHCP and goes on only
/// when both have ended, which without an answer takes six solicitations and 17 s.
public enum RouterAdvertisement {
    /// ICMPv6's protocol number, and the hop limit that tells a neighbour from a stranger (RFC 4861, 6.1.2).
    private static let icmpv6: UInt8 = 58
    private static let hopLimit: UInt8 = 255
    private static let ipv6 = EtherType(rawValue: 0x86dd)

    /// The frame that tells `client`, and no one else, that there is no router. It goes to the link-local address
    /// that follows from the MAC, which is iPXE's: iPXE drops a frame to one MAC for all nodes (`ff02::1`).
    public static func offeringNothing(from source: MACAddress, to client: MACAddress) -> [UInt8] {
        // Type 134, code 0, checksum; hop limit unspecified, no flags, router lifetime 0; times unspecified.
        let message: [UInt8] = [134, 0, 0, 0] + [UInt8](repeating: 0, count: 12)
        let addresses = linkLocalAddress(of: source) + linkLocalAddress(of: client)
        var checksum = InternetChecksum()
        // The pseudo header of RFC 8200, 8.1.
        checksum.add(addresses[...])
        checksum.add(UInt16(message.count))
        checksum.add(UInt16(icmpv6))
        checksum.add(message[...])
        var writer = ByteWriter(capacity: 70)
        EthernetHeader(destination: client, source: source, type: ipv6).write(to: &writer)
        // Version 6, no traffic class, no flow label (RFC 8200, 3).
        writer.write(0x6000_0000 as UInt32)
        writer.write(UInt16(message.count))
        writer.write(icmpv6)
        writer.write(hopLimit)
        writer.write(contentsOf: addresses)
        writer.write(contentsOf: message.prefix(2))
        writer.write(checksum.value)
        writer.write(contentsOf: message.dropFirst(4))
        return writer.bytes
    }

    /// `fe80::` with the modified EUI-64 of the MAC (RFC 4291, appendix A).
    private static func linkLocalAddress(of mac: MACAddress) -> [UInt8] {
        let octets = mac.octets
        let identifier = octets.prefix(3) + [0xff, 0xfe] + octets.suffix(3)
        return [0xfe, 0x80, 0, 0, 0, 0, 0, 0] + identifier.enumerated().map { $0 == 0 ? $1 ^ 2 : $1 }
    }
}
