/// The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words (RFC 1071, 1).
struct InternetChecksum {
    /// Cannot overflow: every addend is under 2^17 and a frame has fewer than 2^31 of them.
    private var sum: UInt64 = 0

    /// Adds bytes that start at an even offset; an odd last byte counts as the high half of a word.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        while let word = reader.uint16() { sum &+= UInt64(word) }
        if let last = reader.uint8() { sum &+= UInt64(last) << 8 }
    }

    mutating func add(_ word: UInt16) {
        sum &+= UInt64(word)
    }

    mutating func add(_ address: IPv4Address) {
        sum &+= UInt64(address.value >> 16) &+ UInt64(address.value & 0xffff)
    }

    /// What goes into a header whose checksum field was summed as zero; 0 over data that holds its own
    /// right checksum.
    var value: UInt16 {
        var folded = sum
        while folded > 0xffff { folded = folded & 0xffff &+ folded >> 16 }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
