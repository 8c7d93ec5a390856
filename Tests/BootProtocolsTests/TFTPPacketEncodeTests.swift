import BootProtocols
import Testing

@Suite("TFTP packet encoding")
struct TFTPPacketEncodeTests {
    static let packets: [(TFTPPacket, [UInt8])] = [
        (.data(block: 258, payload: 4..<516), [0, 3, 1, 2]),
        (.acknowledgment(block: 65535), [0, 4, 255, 255]),
        (.error(.unknownTransferID, message: "no"), [0, 5, 0, 5, 0x6e, 0x6f, 0]),
        (.optionAcknowledgment([TFTPOption(.transferSize, 12)]), [0, 6] + Array("tsize\u{0}12\u{0}".utf8)),
        (.readRequest(TFTPRequest(fileName: "a/b")), [0, 1] + Array("a/b\u{0}octet\u{0}".utf8)),
        (.writeRequest(TFTPRequest(fileName: "x")), [0, 2] + Array("x\u{0}octet\u{0}".utf8)),
    ]

    @Test("the bytes of each kind", arguments: packets)
    func bytes(packet: TFTPPacket, bytes: [UInt8]) {
        #expect(packet.bytes == bytes)
    }

    @Test("a packet that does not fit its buffer is nil, one that just fits is not", arguments: packets)
    func room(packet: TFTPPacket, bytes: [UInt8]) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        #expect(packet.encode(into: buffer) == bytes.count)
        for size in 0..<bytes.count {
            #expect(packet.encode(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])) == nil)
        }
    }

    @Test("a NUL in a text cannot smuggle in another field")
    func smuggling() {
        let packet = TFTPPacket.error(.notDefined, message: "a\u{0}b")
        #expect(packet.bytes == [0, 5, 0, 0, 0x61, 0])
    }

    @Test("a long text is written whole")
    func long() {
        let message = String(repeating: "x", count: 5000)
        #expect(TFTPPacket.error(.notDefined, message: message).bytes.count == 5005)
    }
}
