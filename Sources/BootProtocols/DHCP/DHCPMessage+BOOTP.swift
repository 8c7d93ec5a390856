extension DHCPMessage {
    /// Reads a BOOTP message (RFC 951) whose vendor area holds something else than options: zeros, or a vendor's own.
    public init(decodingBOOTP bytes: [UInt8]) throws(DHCPError) {
        var writer = ByteWriter(capacity: Self.fixedSize)
        writer.write(contentsOf: bytes.prefix(Self.fixedSize - 4))
        guard writer.bytes.count == Self.fixedSize - 4 else { throw .tooShort(byteCount: bytes.count) }
        writer.write(Self.magicCookie)
        try self.init(decoding: writer.bytes)
    }
}
