import BootProtocols
import PacketCapture
import Testing

@Suite("UDPFrame")
struct UDPFrameTests {
    @Test("frames that clients sent have the checksums that are reckoned here")
    func checksums() throws {
        var count = 0
        for name in CaptureFixtures.names {
            for frame in try CaptureFixtures.frames(name) {
                guard let datagram = try? UDPFrame(decoding: frame.bytes) else { continue }
                guard datagram.udp.sourcePort != 67, datagram.ip.source.description != "10.77.0.1" else { continue }
                #expect(datagram.checksumMatches)
                count += 1
            }
        }
        #expect(count > 50)
    }

    @Test("a frame that is built equals a client's, but for the packet's identification")
    func built() throws {
        let captured = try #require(CaptureFixtures.frames("uefi-edk2-http").first).bytes
        let decoded = try UDPFrame(decoding: captured)
        let built = try UDPFrame(
            from: IPv4Endpoint(.any, port: 68), at: try #require(MACAddress("52:54:00:00:01:04")),
            to: IPv4Endpoint(.broadcast, port: 67), at: .broadcast, payload: Array(decoded.payload))
        #expect(built == decoded)
        // Bytes 18 and 19 are the identification, 24 and 25 the header checksum that covers it.
        let same = Array(captured.indices).filter { ![18, 19, 24, 25].contains($0) }
        #expect(same.map { built.bytes[$0] } == same.map { captured[$0] })
        #expect(try UDPFrame(decoding: built.bytes).checksumMatches)
    }

    @Test("don't-fragment stays clear, and an odd payload is summed")
    func oddPayload() throws {
        let frame = try UDPFrame(
            from: IPv4Endpoint(IPv4Address(value: 0x0a00_0001), port: 67), at: MACAddress(value: 1),
            to: IPv4Endpoint(IPv4Address(value: 0x0a00_0002), port: 68), at: MACAddress(value: 2), payload: [1, 2, 3])
        #expect(frame.bytes[20..<22] == [0, 0])
        // By hand: 0a00+0001+0a00+0002+0011+000b + 0043+0044+000b + 0102+0300 = 18b3.
        #expect(frame.udp.checksum == ~0x18b3)
        #expect(try UDPFrame(decoding: frame.bytes) == frame)
    }

    @Test("a flipped byte shows: in the header as an error, in the payload by the checksum")
    func flipped() throws {
        let captured = try #require(CaptureFixtures.frames("uefi-edk2-http").first).bytes
        var bytes = captured
        bytes[22] ^= 1
        #expect(throws: FrameError.badChecksum(layer: "IPv4")) { try UDPFrame(decoding: bytes) }
        bytes = captured
        bytes[100] ^= 1
        #expect(try !UDPFrame(decoding: bytes).checksumMatches)
    }

    @Test("a frame with IP options and bytes behind its datagram is written with the length that it then has")
    func writtenAgain() throws {
        let endpoint = IPv4Endpoint(.any, port: 1)
        let plain = try UDPFrame(from: endpoint, at: .broadcast, to: endpoint, at: .broadcast, payload: [1, 2]).bytes
        // Four no-operations (RFC 791, 3.1) and three bytes more: 0x46 for 0x45, 37 for 30 bytes, and the checksum.
        var bytes = Array(plain[..<34]) + [1, 1, 1, 1] + plain[34...] + [7, 7, 7]
        bytes[14] = 0x46
        bytes[17] = 37
        let checksum = (UInt16(plain[24]) << 8 | UInt16(plain[25])) &- 0x0100 &- 7 &- 0x0202
        bytes[24] = UInt8(checksum >> 8)
        bytes[25] = UInt8(truncatingIfNeeded: checksum)
        let frame = try UDPFrame(decoding: bytes)
        #expect(frame.payload == [1, 2])
        #expect(frame.ip.totalLength == 37)
        #expect(frame.bytes == plain)
    }

    @Test("fragments, other protocols and overlong payloads are refused")
    func refused() throws {
        let endpoint = IPv4Endpoint(.any, port: 1)
        #expect(throws: FrameError.payloadTooLong(byteCount: 65508)) {
            try UDPFrame(
                from: endpoint, at: .broadcast, to: endpoint, at: .broadcast,
                payload: [UInt8](repeating: 0, count: 65508))
        }
        var bytes = try UDPFrame(from: endpoint, at: .broadcast, to: endpoint, at: .broadcast, payload: [1]).bytes
        // "More fragments" and the header checksum that goes with it.
        bytes[20] = 0x20
        bytes[24] &-= 0x20
        #expect(throws: FrameError.fragment) { try UDPFrame(decoding: bytes) }
        let arp = try #require(CaptureFixtures.frames("uefi-edk2-http").dropFirst().first).bytes
        #expect(throws: FrameError.self) { try UDPFrame(decoding: arp) }
    }
}

@Suite("ARPPacket")
struct ARPPacketTests {
    @Test("a captured request decodes and builds again")
    func captured() throws {
        let frame = try #require(CaptureFixtures.frames("bios-e1000-pxelinux").dropFirst().first).bytes
        let packet = try ARPPacket(decodingFrame: frame)
        #expect(packet.operation == .request)
        #expect(packet.senderAddress.description == "10.77.0.1")
        #expect(packet.targetAddress.description == "10.77.0.55")
        #expect(packet.targetMAC.value == 0)
        let built = packet.frame(to: .broadcast)
        #expect(built.count == 60)
        #expect(built.prefix(42) == frame.prefix(42))
        #expect(try ARPPacket(decodingFrame: built) == packet)
    }

    @Test("what is not ARP for IPv4 over Ethernet is refused")
    func refused() throws {
        let frame = try #require(CaptureFixtures.frames("bios-e1000-pxelinux").dropFirst().first).bytes
        #expect(throws: FrameError.truncated(layer: "ARP", needed: 28, available: 27)) {
            try ARPPacket(decodingFrame: Array(frame.prefix(41)))
        }
        var bytes = frame
        bytes[21] = 9
        #expect(throws: FrameError.self) { try ARPPacket(decodingFrame: bytes) }
        bytes = frame
        bytes[18] = 8
        #expect(throws: FrameError.self) { try ARPPacket(decodingFrame: bytes) }
    }
}
