import BootProtocols

/// What the load generator looks at in a server's answer, read without copying it.
struct ServerReply: Hashable {
    var type: UInt8
    var transactionID: UInt32
    var mac: UInt64
    var address: UInt32
    /// Option 54, 0 if absent.
    var server: UInt32 = 0
    /// Option 51 in seconds, 0 if absent.
    var leaseSeconds: UInt32 = 0
    /// `file` or option 67 is there.
    var namesBootFile: Bool

    /// Nil for what is no DHCP answer.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > DHCPMessage.fixedSize, bytes[0] == DHCPMessage.Operation.reply.rawValue,
            Self.word(bytes, 236) == 0x6382_5363
        else { return nil }
        type = 0
        transactionID = Self.word(bytes, 4)
        mac = UInt64(Self.word(bytes, 28)) << 16 | UInt64(bytes[32]) << 8 | UInt64(bytes[33])
        address = Self.word(bytes, 16)
        namesBootFile = bytes[108] != 0
        var next = DHCPMessage.fixedSize
        while next + 1 < bytes.count, bytes[next] != DHCPOptionCode.end.rawValue {
            guard bytes[next] != DHCPOptionCode.pad.rawValue else {
                next += 1
                continue
            }
            let length = Int(bytes[next + 1])
            guard next + 2 + length <= bytes.count else { return nil }
            take(bytes[next], bytes, at: next + 2, length)
            next += 2 + length
        }
        guard type != 0 else { return nil }
    }

    private mutating func take(_ code: UInt8, _ bytes: UnsafeRawBufferPointer, at offset: Int, _ length: Int) {
        switch (code, length) {
        case (53, 1): type = bytes[offset]
        case (54, 4): server = Self.word(bytes, offset)
        case (51, 4): leaseSeconds = Self.word(bytes, offset)
        case (67, 1...): namesBootFile = true
        default: break
        }
    }

    /// The caller has made sure that four bytes are there.
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
