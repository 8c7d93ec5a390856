extension DHCPMessage {
    /// 99.130.83.99 (RFC 2131, 3)
    static let magicCookie: UInt32 = 0x6382_5363

    /// Reads a message from the payload of a UDP datagram.
    ///
    /// Split options are joined (RFC 3396), and options are read on in `file` and `sname` where
    /// option 52 says so (RFC 2132, 9.3). A missing END is forgiven: old ROMs forget it.
    public init(decoding bytes: [UInt8]) throws(DHCPError) {
        guard bytes.count <= Self.maximumSize else { throw .tooLong(byteCount: bytes.count) }
        self = try Self.fixedFields(bytes)
        options = DHCPOptions(within: bytes)
        try options.decode(bytes, Self.fixedSize..<bytes.count)
        let overload = options.overload
        if overload.contains(.file) {
            try options.decode(bytes, Self.fileField)
        } else {
            bootFile = Self.name(bytes[Self.fileField])
        }
        if overload.contains(.serverName) {
            try options.decode(bytes, Self.serverNameField)
        } else {
            serverName = Self.name(bytes[Self.serverNameField])
        }
        options.overload = []
    }

    // RFC 2131, figure 1.
    static let serverNameField = 44..<108
    static let fileField = 108..<236

    private static func fixedFields(_ bytes: [UInt8]) throws(DHCPError) -> DHCPMessage {
        guard bytes.count >= fixedSize else { throw .tooShort(byteCount: bytes.count) }
        guard let operation = Operation(rawValue: bytes[0]) else { throw .unknownOperation(bytes[0]) }
        guard bytes[1] == 1, bytes[2] == 6 else {
            throw .notEthernet(hardwareType: bytes[1], addressLength: bytes[2])
        }
        guard number(bytes, at: fileField.upperBound) == magicCookie else { throw .noMagicCookie }
        let mac = MACAddress(value: UInt64(number(bytes, at: 28)) << 16 | UInt64(number(bytes, at: 30) & 0xffff))
        var message = DHCPMessage(operation, transactionID: number(bytes, at: 4), mac: mac)
        message.hops = bytes[3]
        message.secs = UInt16(truncatingIfNeeded: number(bytes, at: 8) >> 16)
        message.flags = UInt16(truncatingIfNeeded: number(bytes, at: 8))
        message.clientAddress = IPv4Address(value: number(bytes, at: 12))
        message.yourAddress = IPv4Address(value: number(bytes, at: 16))
        message.nextServer = IPv4Address(value: number(bytes, at: 20))
        message.relayAddress = IPv4Address(value: number(bytes, at: 24))
        return message
    }

    /// Four bytes within the fixed fields, which are all there.
    private static func number(_ bytes: [UInt8], at index: Int) -> UInt32 {
        UInt32(bytes[index]) << 24 | UInt32(bytes[index + 1]) << 16 | UInt32(bytes[index + 2]) << 8
            | UInt32(bytes[index + 3])
    }

    private static func name(_ field: ArraySlice<UInt8>) -> String {
        guard field.first != 0 else { return "" }
        return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension DHCPOptions {
    /// Reads the options of one field of the packet that they lie in, up to END or the field's end.
    mutating func decode(_ packet: [UInt8], _ field: Range<Int>) throws(DHCPError) {
        let end = Swift.min(field.upperBound, packet.count)
        var next = field.lowerBound
        while next < end, packet[next] != DHCPOptionCode.end.rawValue {
            guard packet[next] != DHCPOptionCode.pad.rawValue else {
                next += 1
                continue
            }
            let code = DHCPOptionCode(rawValue: packet[next])
            guard next + 1 < end else { throw .optionOverrun(code: code, declared: 1, available: 0) }
            let start = next + 2
            let length = Int(packet[next + 1])
            guard end - start >= length else {
                throw .optionOverrun(code: code, declared: length, available: end - start)
            }
            addPiece(code, at: start..<start + length)
            next = start + length
        }
    }
}
