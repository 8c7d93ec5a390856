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
    private static let serverNameField = 44..<108
    private static let fileField = 108..<236

    private static func fixedFields(_ bytes: [UInt8]) throws(DHCPError) -> DHCPMessage {
        guard bytes.count >= fixedSize else { throw .tooShort(byteCount: bytes.count) }
        var reader = ByteReader(bytes)
        guard let op = reader.uint8(), let hardwareType = reader.uint8(), let addressLength = reader.uint8(),
            let hops = reader.uint8(), let transactionID = reader.uint32(), let secs = reader.uint16(),
            let flags = reader.uint16(), let clientAddress = reader.ipv4Address(),
            let yourAddress = reader.ipv4Address(), let nextServer = reader.ipv4Address(),
            let relayAddress = reader.ipv4Address(), let mac = reader.macAddress()
        else { throw .tooShort(byteCount: bytes.count) }
        guard let operation = Operation(rawValue: op) else { throw .unknownOperation(op) }
        guard hardwareType == 1, addressLength == 6 else {
            throw .notEthernet(hardwareType: hardwareType, addressLength: addressLength)
        }
        var cookie = ByteReader(bytes[fileField.upperBound..<fixedSize])
        guard cookie.uint32() == magicCookie else { throw .noMagicCookie }
        var message = DHCPMessage(operation, transactionID: transactionID, mac: mac)
        message.hops = hops
        message.secs = secs
        message.flags = flags
        message.clientAddress = clientAddress
        message.yourAddress = yourAddress
        message.nextServer = nextServer
        message.relayAddress = relayAddress
        return message
    }

    private static func name(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
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
