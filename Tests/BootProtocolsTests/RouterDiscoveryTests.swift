import BootProtocols
import Testing

@Suite("Router discovery")
struct RouterDiscoveryTests {
    /// iPXE 2019 as QEMU's option ROM, seen on the wire.
    static let solicitation: [UInt8] = [
        0x33, 0x33, 0x00, 0x00, 0x00, 0x02, 0x52, 0x54, 0x00, 0x77, 0x00, 0x01, 0x86, 0xdd, 0x60, 0x00,
        0x00, 0x00, 0x00, 0x10, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x54,
        0x00, 0xff, 0xfe, 0x77, 0x00, 0x01, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x85, 0x00, 0xd9, 0x95, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01,
        0x52, 0x54, 0x00, 0x77, 0x00, 0x01,
    ]

    @Test("reads what iPXE sends")
    func reads() throws {
        let solicitation = try RouterSolicitation(decodingFrame: Self.solicitation)
        #expect(solicitation.mac.description == "52:54:00:77:00:01")
        #expect(solicitation.source == IPv6Address(linkLocalOf: solicitation.mac))
        #expect(solicitation.source == IPv6Address(high: 0xfe80_0000_0000_0000, low: 0x5054_00ff_fe77_0001))
    }

    @Test("answers with the packet that Linux made of the same advertisement")
    func answers() throws {
        // From a raw ICMPv6 socket of Linux 6.18; the kernel reckoned the checksum.
        let linux: [UInt8] = [
            0x60, 0x00, 0x00, 0x00, 0x00, 0x10, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0xa0, 0xe8, 0x20, 0xff, 0xfe, 0xa5, 0x6f, 0x15, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x50, 0x54, 0x00, 0xff, 0xfe, 0x77, 0x00, 0x01, 0x86, 0x00, 0xfd, 0x43, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ]
        let mac = try #require(MACAddress("a2:e8:20:a5:6f:15"))
        let frame = NoRouterAdvertisement(
            answering: try RouterSolicitation(decodingFrame: Self.solicitation), from: mac
        ).frame
        #expect(Array(frame.prefix(6)) == [0x52, 0x54, 0x00, 0x77, 0x00, 0x01])
        #expect(Array(frame.dropFirst(6).prefix(6)) == mac.octets)
        #expect(Array(frame.dropFirst(12)) == [0x86, 0xdd] + linux)
    }

    @Test("takes padding behind the packet for what it is")
    func padding() throws {
        let padded = Self.solicitation + [0, 0, 0, 0]
        #expect(try RouterSolicitation(decodingFrame: padded) == RouterSolicitation(decodingFrame: Self.solicitation))
    }

    @Test(
        "refuses what a router must not take (RFC 4861, 6.1.1)",
        arguments: [
            (12, 0x08),  // another EtherType
            (14, 0x40),  // another version
            (20, 0x11),  // UDP
            (21, 64),  // a hop limit that a router may have passed on
            (22, 0x20),  // a source that is not link-local
            (54, 0x86),  // an advertisement
            (55, 1),  // another code
            (60, 1),  // a flipped byte
        ])
    func refuses(index: Int, value: UInt8) {
        var bytes = Self.solicitation
        bytes[index] = value
        #expect(throws: FrameError.self) { try RouterSolicitation(decodingFrame: bytes) }
    }

    @Test("no truncation of a solicitation is one")
    func truncations() {
        for count in Self.solicitation.indices {
            #expect(throws: FrameError.self) {
                try RouterSolicitation(decodingFrame: Array(Self.solicitation.prefix(count)))
            }
        }
    }
}
