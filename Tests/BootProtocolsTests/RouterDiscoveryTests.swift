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

    /// The real solicitation with other bytes behind its reserved field, and the checksum that belongs to them.
    private func solicitation(withOptions options: [UInt8]) -> [UInt8] {
        var bytes = Array(Self.solicitation.prefix(62)) + options
        bytes[19] = UInt8(8 + options.count)
        bytes[56] = 0
        bytes[57] = 0
        // The pseudo-header: both addresses, length, next header.
        let covered = bytes[22..<54] + [0, 0, 0, UInt8(8 + options.count), 0, 0, 0, 58] + bytes[54...]
        var sum: UInt32 = 0
        for (index, byte) in covered.enumerated() { sum += UInt32(byte) << (index.isMultiple(of: 2) ? 8 : 0) }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        bytes[56] = UInt8(truncatingIfNeeded: ~sum >> 8)
        bytes[57] = UInt8(truncatingIfNeeded: ~sum)
        return bytes
    }

    @Test(
        "takes any options that are whole",
        arguments: [[], [1, 1, 2, 3, 4, 5, 6, 7], [14, 2] + [UInt8](repeating: 9, count: 14)])
    func options(_ options: [UInt8]) throws {
        #expect(try RouterSolicitation(decodingFrame: solicitation(withOptions: options)).mac.octets[0] == 0x52)
    }

    @Test(
        "refuses options of length 0 or beyond the message (RFC 4861, 6.1.1), not their checksum",
        arguments: [[1, 0, 2, 3, 4, 5, 6, 7], [1, 2, 2, 3, 4, 5, 6, 7], [1], [1, 1, 2, 3, 4, 5, 6, 7, 1]])
    func optionLengths(_ options: [UInt8]) {
        #expect {
            try RouterSolicitation(decodingFrame: solicitation(withOptions: options))
        } throws: {
            "\($0)".contains("option")
        }
    }

    @Test("another solicitation of iPXE, from the laboratory")
    func second() throws {
        let mac: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
        let frame =
            [0x33, 0x33, 0, 0, 0, 2] + mac + [
                0x86, 0xdd, 0x60, 0, 0, 0, 0, 0x10, 0x3a, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
            ]
            + [0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56, 0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [2]
            + [0x85, 0, 0x71, 0xb5, 0, 0, 0, 0, 1, 1] + mac
        #expect(try RouterSolicitation(decodingFrame: frame).mac.octets == mac)
    }

    @Test("no flipped bit of the packet passes, and none traps")
    func flips() {
        // The Ethernet addresses, the traffic class and the flow label are under no checksum.
        for index in Self.solicitation.indices {
            for bit in 0..<8 {
                var bytes = Self.solicitation
                bytes[index] ^= 1 << UInt8(bit)
                let taken = try? RouterSolicitation(decodingFrame: bytes)
                if index >= 18 { #expect(taken == nil, "byte \(index), bit \(bit)") }
            }
        }
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
