/// Reads little-endian numbers off the front of bytes; nil where the bytes do not reach.
struct LittleEndianReader {
    private let source: [UInt8]
    /// Bytes read so far.
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        source = bytes
    }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= source.count - position else { return nil }
        defer { position += count }
        return source[position..<(position + count)]
    }

    mutating func skip(_ count: Int) -> Bool { bytes(count) != nil }

    mutating func uint16() -> UInt16? { number(2).map(UInt16.init(truncatingIfNeeded:)) }
    mutating func uint32() -> UInt32? { number(4).map(UInt32.init(truncatingIfNeeded:)) }
    mutating func int64() -> Int64? { number(8).map(Int64.init(bitPattern:)) }
    mutating func digest() -> ContentDigest? { bytes(ContentDigest.length).flatMap { ContentDigest(bytes: $0) } }

    private mutating func number(_ count: Int) -> UInt64? {
        bytes(count)?.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}

/// Writes little-endian numbers one after the other.
struct LittleEndianWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
