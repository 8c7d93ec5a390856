extension DHCPMessage {
    /// 99.130.83.99 (RFC 2131, 3)
    static let magicCookie: UInt32 = 0x6382_5363

    /// Reads a message from the payload of a UDP datagram.
    ///
    /// Split options are joined (RFC 3396), and options are read on in `file` and `sname` where
    /// option 52 says so (RFC 2132, 9.3). A missing END is forgiven: old ROMs forget it.
    public init(decoding bytes: [UInt8]) throws(DHCPError) {
        guard bytes.count <= Self.maximumSize else { throw .tooLong(byteCount: bytes.count) }
        var reader = ByteReader(bytes)
        let fields = try Self.fixedFields(&reader, byteCount: bytes.count)
        self = fields.message
        guard fields.cookie == Self.magicCookie, let options = reader.slice(reader.remaining) else {
            throw .noMagicCookie
        }
        try self.options.decode(options)
        let overload = self.options.overload
        if overload.contains(.file) {
            try self.options.decode(fields.file)
        } else {
            bootFile = Self.name(fields.file)
        }
        if overload.contains(.serverName) {
            try self.options.decode(fields.serverName)
        } else {
            serverName = Self.name(fields.serverName)
        }
        self.options.overload = []
    }

    private struct FixedFields {
        var message: DHCPMessage
        var serverName: ArraySlice<UInt8>
        var file: ArraySlice<UInt8>
        var cookie: UInt32
    }

    private static func fixedFields(_ reader: inout ByteReader, byteCount: Int) throws(DHCPError) -> FixedFields {
        guard let op = reader.uint8(), let hardwareType = reader.uint8(), let addressLength = reader.uint8(),
            let hops = reader.uint8(), let transactionID = reader.uint32(), let secs = reader.uint16(),
            let flags = reader.uint16(), let clientAddress = reader.ipv4Address(),
            let yourAddress = reader.ipv4Address(), let nextServer = reader.ipv4Address(),
            let relayAddress = reader.ipv4Address(), let mac = reader.macAddress(), reader.slice(10) != nil,
            let serverName = reader.slice(64), let file = reader.slice(128), let cookie = reader.uint32()
        else { throw .tooShort(byteCount: byteCount) }
        guard let operation = Operation(rawValue: op) else { throw .unknownOperation(op) }
        guard hardwareType == 1, addressLength == 6 else {
            throw .notEthernet(hardwareType: hardwareType, addressLength: addressLength)
        }
        var message = DHCPMessage(operation, transactionID: transactionID, mac: mac)
        message.hops = hops
        message.secs = secs
        message.flags = flags
        message.clientAddress = clientAddress
        message.yourAddress = yourAddress
        message.nextServer = nextServer
        message.relayAddress = relayAddress
        return FixedFields(message: message, serverName: serverName, file: file, cookie: cookie)
    }

    private static func name(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension DHCPOptions {
    /// Reads the options of one field up to END or the field's end.
    mutating func decode(_ field: ArraySlice<UInt8>) throws(DHCPError) {
        var reader = ByteReader(field)
        while let byte = reader.uint8(), byte != DHCPOptionCode.end.rawValue {
            guard byte != DHCPOptionCode.pad.rawValue else { continue }
            let code = DHCPOptionCode(rawValue: byte)
            guard let length = reader.uint8() else {
                throw .optionOverrun(code: code, declared: 1, available: 0)
            }
            guard let value = reader.slice(Int(length)) else {
                throw .optionOverrun(code: code, declared: Int(length), available: reader.remaining)
            }
            append(value, to: code)
        }
    }
}
