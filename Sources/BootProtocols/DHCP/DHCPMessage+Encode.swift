extension DHCPMessage {
    /// The message as the payload of a UDP datagram, padded with zeros to 300 bytes.
    ///
    /// The message type goes first and relay agent information last (RFC 3046, 2.1); the others keep
    /// their order. Nothing is overloaded and nothing split: shim reads `file` raw, GRUB knows no
    /// RFC 3396, and EDK2 takes the first piece for the whole.
    /// - Parameter limit: bytes that the receiver takes; see `DHCPOptions.payloadLimit`.
    public func encoded(limit: Int = DHCPMessage.maximumSize) throws(DHCPError) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.minimumSize * 2)
        writer.write(operation.rawValue)
        writer.write(1 as UInt8)
        writer.write(6 as UInt8)
        writer.write(hops)
        writer.write(transactionID)
        writer.write(secs)
        writer.write(flags)
        writer.write(clientAddress)
        writer.write(yourAddress)
        writer.write(nextServer)
        writer.write(relayAddress)
        writer.write(mac)
        writer.pad(to: 44)
        try Self.write(serverName, field: "sname", to: &writer, upTo: 108)
        try Self.write(bootFile, field: "file", to: &writer, upTo: 236)
        writer.write(Self.magicCookie)
        try Self.write(options, to: &writer)
        guard writer.bytes.count <= limit else {
            throw .exceedsLimit(byteCount: writer.bytes.count, limit: limit)
        }
        writer.pad(to: Self.minimumSize)
        return writer.bytes
    }

    /// Writes a name and zeros up to the field's end, at least one.
    private static func write(
        _ name: String, field: String, to writer: inout ByteWriter, upTo end: Int
    ) throws(DHCPError) {
        writer.write(contentsOf: name.utf8)
        guard writer.bytes.count < end else { throw .nameTooLong(field: field, byteCount: name.utf8.count) }
        writer.pad(to: end)
    }

    private static func write(_ options: DHCPOptions, to writer: inout ByteWriter) throws(DHCPError) {
        // Three rounds over a score of entries cost less than one list of them in order.
        for round in [Round.messageType, .others, .relayAgentInformation] {
            try options.visit { (code, value) throws(DHCPError) in
                if Round(of: code) == round { try write(code, value, to: &writer) }
            }
        }
        writer.write(DHCPOptionCode.end.rawValue)
    }

    private enum Round {
        case messageType, others, relayAgentInformation

        init(of code: DHCPOptionCode) {
            switch code {
            case .messageType: self = .messageType
            case .relayAgentInformation: self = .relayAgentInformation
            default: self = .others
            }
        }
    }

    private static func write(
        _ code: DHCPOptionCode, _ value: ArraySlice<UInt8>, to writer: inout ByteWriter
    ) throws(DHCPError) {
        guard let length = UInt8(exactly: value.count) else {
            throw .optionTooLong(code: code, byteCount: value.count)
        }
        writer.write(code.rawValue)
        writer.write(length)
        writer.write(contentsOf: value)
        // GRUB compares the class of the answer that its firmware got with this as a C string; PAD is its NUL.
        if code == .vendorClass, value.elementsEqual("HTTPClient".utf8) { writer.write(DHCPOptionCode.pad.rawValue) }
    }
}
