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
        try options.write(to: &writer)
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
}
