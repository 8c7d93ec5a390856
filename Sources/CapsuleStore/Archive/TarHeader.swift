/// One header block of a tar archive: ustar (POSIX.1-1988), GNU and the format of Unix version 7, which share their first
/// half. 512 bytes; numbers in octal digits, or in base 256 where the first bit is set (GNU).
struct TarHeader: Hashable {
    static let length = 512

    var name: [UInt8]
    var linkName: [UInt8]
    var permissions: UInt32
    var owner: Int64
    var group: Int64
    var size: Int64
    var modified: Int64
    /// The type flag.
    var type: UInt8
    var deviceMajor: Int64
    var deviceMinor: Int64

    /// - Parameter block: 512 bytes.
    /// - Throws: `.badHeader`.
    init(_ block: [UInt8], offset: Int64) throws(TarError) {
        let fields = Fields(block: block, offset: offset)
        guard block.count == Self.length else { throw fields.damaged("it has \(block.count) bytes") }
        guard try fields.number(148, 8, "checksum") == fields.sum || fields.signedSumMatches else {
            throw fields.damaged("its checksum is wrong")
        }
        let isUstar = Array(block[257..<263]) == Array("ustar\0".utf8)
        let prefix = isUstar ? fields.text(345, 155) : []
        let short = fields.text(0, 100)
        name = prefix.isEmpty ? short : prefix + [0x2F] + short
        linkName = fields.text(157, 100)
        permissions = UInt32(truncatingIfNeeded: try fields.number(100, 8, "mode") & 0o7777)
        owner = try fields.number(108, 8, "owner")
        group = try fields.number(116, 8, "group")
        size = try fields.number(124, 12, "size")
        modified = try fields.number(136, 12, "time")
        type = block[156]
        let isDevice = type == UInt8(ascii: "3") || type == UInt8(ascii: "4")
        deviceMajor = isDevice ? try fields.number(329, 8, "device") : 0
        deviceMinor = isDevice ? try fields.number(337, 8, "device") : 0
        guard size >= 0 else { throw fields.damaged("its size is negative") }
    }

    private struct Fields {
        let block: [UInt8]
        let offset: Int64

        func damaged(_ reason: String) -> TarError { .badHeader(offset: offset, reason: reason) }

        /// The sum of all bytes, those of the checksum taken for spaces.
        var sum: Int64 {
            block.reduce(0) { $0 + Int64($1) } + block[148..<156].reduce(256) { $0 - Int64($1) }
        }

        /// Some old programs added signed bytes up.
        var signedSumMatches: Bool {
            let signed = block.reduce(0) { $0 + Int64(Int8(bitPattern: $1)) }
            let field = block[148..<156].reduce(256) { $0 - Int64(Int8(bitPattern: $1)) }
            return (try? number(148, 8, "checksum")) == signed + field
        }

        /// Up to the first zero byte.
        func text(_ start: Int, _ count: Int) -> [UInt8] {
            Array(block[start..<(start + count)].prefix { $0 != 0 })
        }

        func number(_ start: Int, _ count: Int, _ what: String) throws(TarError) -> Int64 {
            let field = block[start..<(start + count)]
            if let first = field.first, first & 0x80 != 0 { return try wide(field, what) }
            let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
            var value: Int64 = 0
            for digit in digits {
                // At most 12 digits of 3 bits.
                guard (0x30...0x37).contains(digit) else { throw damaged("its \(what) is no octal number") }
                value = value << 3 | Int64(digit & 7)
            }
            return value
        }

        /// Two's complement, the first bit taken off.
        private func wide(_ field: ArraySlice<UInt8>, _ what: String) throws(TarError) -> Int64 {
            let negative = field.first == 0xFF
            guard negative || field.first == 0x80 else { throw damaged("its \(what) is too large") }
            let body = field.dropFirst()
            let excess = body.dropLast(8)
            guard excess.allSatisfy({ $0 == (negative ? 0xFF : 0) }) else { throw damaged("its \(what) is too large") }
            let bits = body.suffix(8).reduce(negative ? UInt64.max : 0) { $0 << 8 | UInt64($1) }
            let value = Int64(bitPattern: bits)
            guard (value < 0) == negative else { throw damaged("its \(what) is too large") }
            return value
        }
    }
}
