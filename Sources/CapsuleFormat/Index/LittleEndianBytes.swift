/// Reads little-endian numbers off the front of bytes; nil where the bytes do not reach.
package struct LittleEndianReader {
    private let source: [UInt8]
    /// Bytes read so far.
    package private(set) var position = 0

    package init(_ bytes: [UInt8]) {
        source = bytes
    }

    package mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= source.count - position else { return nil }
        defer { position += count }
        return source[position..<(position + count)]
    }

    package mutating func skip(_ count: Int) -> Bool { bytes(count) != nil }

    package mutating func uint16() -> UInt16? { number(2).map(UInt16.init(truncatingIfNeeded:)) }
    package mutating func uint32() -> UInt32? { number(4).map(UInt32.init(truncatingIfNeeded:)) }
    package mutating func int64() -> Int64? { number(8).map(Int64.init(bitPattern:)) }
    package mutating func digest() -> ContentDigest? {
        bytes(ContentDigest.length).flatMap { ContentDigest(bytes: $0) }
    }

    private mutating func number(_ count: Int) -> UInt64? {
        bytes(count)?.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}

/// Writes little-endian numbers one after the other.
package struct LittleEndianWriter {
    package init() {}

    package private(set) var bytes: [UInt8] = []

    package mutating func append(_ more: [UInt8]) { bytes += more }

    package mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
