/// Reads fields in network byte order from a run of bytes, front to back.
///
/// Every read says by nil that too few bytes are left, and then takes none of them: a codec built
/// from these cannot run over the end of its input. The reader shares the storage of what it was
/// made from and allocates nothing; so do the slices that it returns.
package struct ByteReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    /// Where the next read begins, as an index of `bytes`.
    private var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// How many bytes are left.
    package var remaining: Int { bytes.endIndex - position }

    /// How many bytes were read.
    package var offset: Int { position - bytes.startIndex }

    package mutating func uint8() -> UInt8? {
        guard remaining >= 1 else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func uint16() -> UInt16? {
        guard remaining >= 2 else { return nil }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    package mutating func uint32() -> UInt32? {
        guard remaining >= 4, let high = uint16(), let low = uint16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// The next `count` bytes; nil if fewer are left or `count` is negative.
    package mutating func slice(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, remaining >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    package mutating func ipv4Address() -> IPv4Address? {
        uint32().map(IPv4Address.init(value:))
    }

    package mutating func macAddress() -> MACAddress? {
        slice(6).flatMap { MACAddress(octets: $0) }
    }
}
