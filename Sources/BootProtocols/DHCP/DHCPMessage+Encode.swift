extension DHCPMessage {
    /// The message as the payload of a UDP datagram, padded with zeros to 300 bytes.
    ///
    /// The message type goes first and relay agent information last (RFC 3046, 2.1); the others keep
    /// their order. Nothing is overloaded and nothing split: shim reads `file` raw, GRUB knows no
    /// RFC 3396, and EDK2 takes the first piece for the whole.
    /// - Parameter limit: bytes that the receiver takes; see `DHCPOptions.payloadLimit`.
    public func encoded(limit: Int = DHCPMessage.maximumSize) throws(DHCPError) -> [UInt8] {
        let size = Self.fixedSize + options.encodedSize
        // Made whole at once, for a byte that is appended costs ten times one that is set.
        var bytes = [UInt8](repeating: 0, count: max(size, Self.minimumSize))
        var span = bytes.mutableSpan
        writeFixedFields(to: &span)
        try Self.write(serverName, field: "sname", to: &span, Self.serverNameField)
        try Self.write(bootFile, field: "file", to: &span, Self.fileField)
        try options.write(to: &span, from: Self.fixedSize)
        guard size <= limit else { throw .exceedsLimit(byteCount: size, limit: limit) }
        return bytes
    }

    // RFC 2131, figure 1.
    private func writeFixedFields(to span: inout MutableSpan<UInt8>) {
        span[0] = operation.rawValue
        span[1] = 1
        span[2] = 6
        span[3] = hops
        span.set(transactionID, at: 4)
        span.set(secs, at: 8)
        span.set(flags, at: 10)
        span.set(clientAddress.value, at: 12)
        span.set(yourAddress.value, at: 16)
        span.set(nextServer.value, at: 20)
        span.set(relayAddress.value, at: 24)
        span.set(UInt32(truncatingIfNeeded: mac.value >> 16), at: 28)
        span.set(UInt16(truncatingIfNeeded: mac.value), at: 32)
        span.set(Self.magicCookie, at: Self.fileField.upperBound)
    }

    /// Writes a name into its field, whose zeros behind it stay, at least one.
    private static func write(
        _ name: String, field: String, to span: inout MutableSpan<UInt8>, _ place: Range<Int>
    ) throws(DHCPError) {
        guard !name.isEmpty else { return }
        guard name.utf8.count < place.count else { throw .nameTooLong(field: field, byteCount: name.utf8.count) }
        var next = place.lowerBound
        for byte in name.utf8 {
            span[next] = byte
            next += 1
        }
    }
}

/// Numbers in network byte order.
extension MutableSpan<UInt8> {
    fileprivate mutating func set(_ value: UInt16, at index: Int) {
        self[index] = UInt8(truncatingIfNeeded: value >> 8)
        self[index + 1] = UInt8(truncatingIfNeeded: value)
    }

    fileprivate mutating func set(_ value: UInt32, at index: Int) {
        set(UInt16(truncatingIfNeeded: value >> 16), at: index)
        set(UInt16(truncatingIfNeeded: value), at: index + 2)
    }
}
