import BootProtocols
import PacketCapture
import Testing

private func decode(_ bytes: [UInt8]) throws(TFTPDecodingError) -> TFTPPacket {
    try TFTPPacket(decoding: bytes.span.bytes)
}

/// A request of raw fields, each with its NUL.
private func request(_ opcode: UInt8 = 1, _ fields: String...) -> [UInt8] {
    [0, opcode] + fields.flatMap { Array($0.utf8) + [0] }
}

/// All TFTP payloads of a capture that were captured whole, both directions.
private func conversation(_ name: String) throws -> [[UInt8]] {
    try CaptureFixtures.frames(name).compactMap { frame in
        guard let datagram = try? UDPFrame(decoding: frame.bytes) else { return nil }
        let ports = [datagram.udp.sourcePort, datagram.udp.destinationPort]
        return ports.contains { [67, 68, 4011].contains($0) } ? nil : Array(datagram.payload)
    }
}

@Suite("TFTP packets of real clients")
struct TFTPCaptureTests {
    @Test("every request of every capture is read and written again byte for byte")
    func requests() throws {
        var count = 0
        for name in CaptureFixtures.names {
            for payload in try CaptureFixtures.payloads(name, to: 69) {
                let packet = try decode(payload)
                #expect(packet.bytes == payload)
                count += 1
            }
        }
        #expect(count == 40)
    }

    @Test("EDK2 asks for the size first and then for the file")
    func edk2() throws {
        let requests = try CaptureFixtures.payloads("uefi-edk2-pxe-ipxe", to: 69).map { try decode($0) }
        let options = [TFTPOption(.blockSize, 1468), TFTPOption(.windowSize, 4)]
        #expect(
            requests.prefix(2) == [
                .readRequest(TFTPRequest(fileName: "ipxe.efi", options: [TFTPOption(.transferSize, 0)] + options)),
                .readRequest(TFTPRequest(fileName: "ipxe.efi", options: options)),
            ])
    }

    @Test("the probe of EDK2 is answered and given up with ERROR 8, lockstep follows")
    func lockstep() throws {
        let packets = try conversation("uefi-edk2-tftp-lockstep").map { try decode($0) }
        #expect(
            packets[1...2] == [
                .optionAcknowledgment([TFTPOption(.blockSize, 1468), TFTPOption(.transferSize, 850_528)]),
                .error(.optionNegotiation, message: "User aborted the transfer"),
            ])
        #expect(packets[4] == .optionAcknowledgment([TFTPOption(.blockSize, 1468)]))
        #expect(packets[5] == .acknowledgment(block: 0))
    }

    @Test("PXELINUX, GRUB and iPXE ask with what is known of them")
    func clients() throws {
        func asked(_ name: String) throws -> [TFTPRequest] {
            try CaptureFixtures.payloads(name, to: 69).compactMap {
                guard case .readRequest(let request) = try decode($0) else { return nil }
                return request
            }
        }
        let bios = try asked("bios-e1000-pxelinux")
        #expect(bios.first?.fileName == "pxelinux.0")
        #expect(bios.first?[.blockSize]?.value == 1432)
        #expect(bios.contains { $0.fileName == "pxelinux.cfg/01-52-54-00-00-01-01" && $0[.blockSize]?.value == 1408 })
        let grub = try asked("uefi-secureboot-shim-grub")
        #expect(grub.contains { $0.fileName == "/grub/grub.cfg" && $0[.blockSize]?.value == 1024 })
        #expect(grub.allSatisfy { $0.mode == .octet })
    }
}

@Suite("TFTP packet decoding")
struct TFTPPacketDecodeTests {
    @Test("the fixed packets")
    func fixed() throws {
        #expect(try decode([0, 3, 0x12, 0x34, 9, 9]) == .data(block: 0x1234, payload: 4..<6))
        #expect(try decode([0, 3, 0xff, 0xff]) == .data(block: 65535, payload: 4..<4))
        #expect(try decode([0, 4, 0, 7]) == .acknowledgment(block: 7))
        #expect(try decode([0, 4, 0, 7, 0, 0]) == .acknowledgment(block: 7))
        #expect(try decode([0, 5, 0, 1] + Array("gone".utf8) + [0]) == .error(.fileNotFound, message: "gone"))
        #expect(try decode([0, 5, 0, 0] + Array("gone".utf8)) == .error(.notDefined, message: "gone"))
        #expect(try decode([0, 5, 0, 99]) == .error(TFTPErrorCode(rawValue: 99), message: ""))
        #expect(try decode(request(2, "up", "octet")) == .writeRequest(TFTPRequest(fileName: "up")))
    }

    @Test("modes and option names count in either case, and options keep their spelling")
    func letterCase() throws {
        let packet = try decode(request(1, "f", "NetASCII", "BlkSize", "1024"))
        let option = TFTPOption(kind: .blockSize, name: "BlkSize", value: 1024)
        #expect(packet == .readRequest(TFTPRequest(fileName: "f", mode: .netascii, options: [option])))
        #expect(packet.bytes == request(1, "f", "netascii", "BlkSize", "1024"))
    }

    @Test(
        "values out of range are left out, too large sizes are the largest",
        arguments: [
            ("blksize", "7", nil), ("blksize", "8", 8), ("blksize", "65464", 65464), ("blksize", "65465", 65464),
            ("blksize", "", nil), ("blksize", "-8", nil), ("blksize", "+8", nil), ("blksize", "1k", nil),
            ("blksize", "99999999999999999999", nil), ("timeout", "0", nil), ("timeout", "1", 1),
            ("timeout", "255", 255), ("timeout", "256", nil), ("tsize", "0", 0), ("tsize", "4294967296", 4_294_967_296),
            ("windowsize", "0", nil), ("windowsize", "1", 1), ("windowsize", "65536", 65535), ("rollover", "0", nil),
        ] as [(String, String, Int?)])
    func values(name: String, text: String, value: Int?) throws {
        guard case .readRequest(let request) = try decode(request(1, "f", "octet", name, text)) else {
            Issue.record("no read request")
            return
        }
        #expect(request.options.map(\.value) == (value.map { [$0] } ?? []))
    }

    @Test("of an option that comes twice the first counts; half a pair and padding end the list")
    func lists() throws {
        let twice = request(1, "f", "octet", "blksize", "512", "blksize", "1024", "tsize", "0")
        let expected = [TFTPOption(.blockSize, 512), TFTPOption(.transferSize, 0)]
        #expect(try decode(twice) == .readRequest(TFTPRequest(fileName: "f", options: expected)))
        #expect(try decode(twice + [0, 0, 0]) == .readRequest(TFTPRequest(fileName: "f", options: expected)))
        let half = twice + Array("windowsize".utf8) + [0]
        #expect(try decode(half) == .readRequest(TFTPRequest(fileName: "f", options: expected)))
    }

    @Test(
        "what is no packet is told by kind",
        arguments: [
            ([], .tooShort(byteCount: 0)), ([0, 4, 0], .tooShort(byteCount: 3)),
            ([0, 7, 0, 0], .unknownOpcode(7)), ([1, 1, 0, 0], .unknownOpcode(257)),
            ([0, 1, 0x66, 0x66], .unterminatedText), ([0, 1, 0x66, 0, 0x6f], .unterminatedText),
            ([0, 1, 0, 0x6f, 0], .emptyFileName), ([0, 1, 0x66, 0, 0x6f, 0], .unknownMode("o")),
            ([0, 1] + [UInt8](repeating: 0x66, count: 513) + [0, 0x6f, 0], .fileNameTooLong(byteCount: 513)),
        ] as [([UInt8], TFTPDecodingError)])
    func malformed(bytes: [UInt8], error: TFTPDecodingError) {
        #expect(throws: error) { try decode(bytes) }
    }

    @Test("no truncation and no single changed byte traps")
    func hostile() throws {
        for name in CaptureFixtures.names {
            for payload in try Set(conversation(name)) {
                for count in 0...payload.count { _ = try? decode(Array(payload.prefix(count))) }
                for position in payload.indices.prefix(64) {
                    for value in [0, 1, 0x2d, 0x7f, 0x80, 0xff] as [UInt8] {
                        var bytes = payload
                        bytes[position] = value
                        _ = (try? decode(bytes))?.bytes
                    }
                }
            }
        }
    }
}
