import Testing

@testable import CapsuleFormat

/// The library hashes one message after the other, and is right.
@Suite struct StreamHasherTests {
    private static let bytes = deterministicBytes(20_000, seed: 11)

    /// Windows whose ends lie everywhere in the blocks of 64 bytes, empty ones among them.
    @Test(arguments: [true, false], [1, 7, 63, 64, 65, 127, 128, 1000, 4096, 20_000])
    func hashesStreamAndParts(byExtensions: Bool, window: Int) {
        guard !byExtensions || ContentDigest.hasExtensions else { return }
        var hasher = StreamHasher(byExtensions: byExtensions)
        let none = hasher.update([UInt8]().span, hashing: [])
        #expect(none.isEmpty)
        for start in stride(from: 0, to: Self.bytes.count, by: window) {
            let piece = Array(Self.bytes[start..<min(start + window, Self.bytes.count)])
            let count = piece.count
            // All of it in two, one that is much shorter than the others, an empty one, and one too long.
            let parts = [
                0..<(count / 3), (count / 3)..<count, 0..<min(1, count), count..<count, (count / 2)..<(count + 9),
            ]
            let wanted = parts.map { ContentDigest(hashing: Array(piece[$0.clamped(to: 0..<count)])) }
            let digests = hasher.update(piece.span, hashing: parts)
            #expect(digests == wanted)
            #expect(hasher.finalize() == ContentDigest(hashing: Array(Self.bytes[..<(start + count)])))
        }
    }

    @Test func hashesWhatHasNoParts() {
        var hasher = StreamHasher()
        #expect(hasher.finalize() == ContentDigest(hashing: []))
        for piece in [0..<10, 10..<9000, 9000..<20_000] {
            let none = hasher.update(Self.bytes.span.extracting(piece), hashing: [])
            #expect(none.isEmpty)
        }
        #expect(hasher.finalize() == ContentDigest(hashing: Self.bytes))
    }
}
