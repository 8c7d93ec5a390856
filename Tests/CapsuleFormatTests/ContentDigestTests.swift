import CapsuleFormat
import Testing

@Suite struct ContentDigestTests {
    /// FIPS 180-4's own example.
    private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func knownAnswer() {
        #expect(ContentDigest(hashing: Array("abc".utf8)).hex == abc)
    }

    @Test func piecesGiveTheSameDigest() {
        var hasher = ContentHasher()
        hasher.update(Array("a".utf8))
        hasher.update(Array("bc".utf8))
        #expect(hasher.finalize().hex == abc)
    }

    /// By the lanes of our own against the library, with lengths around those where the padding takes another block.
    @Test func partsHaveTheDigestsOfTheLibrary() {
        let bytes = deterministicBytes(200_000, seed: 9)
        var parts = [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 70_001].map { 13..<(13 + $0) }
        parts += (0..<40).map { $0 * 4000..<($0 * 4000 + $0 * $0 * 17) }
        for count in [0, 1, 2, 3, parts.count] {
            let wanted = parts[..<count].map { ContentDigest(hashing: Array(bytes[$0])) }
            #expect(ContentDigest.hashing(Array(parts[..<count]), of: bytes.span) == wanted)
        }
    }

    @Test func partsOutsideAreCutOff() {
        let bytes: [UInt8] = [1, 2, 3]
        let cut = ContentDigest.hashing([1..<9, 7..<9, -4 ..< -1], of: bytes.span)
        #expect(cut == [ContentDigest(hashing: [2, 3]), ContentDigest(hashing: []), ContentDigest(hashing: [])])
    }

    @Test func hexAndBytesRoundTrip() throws {
        let digest = try #require(ContentDigest(hex: abc))
        #expect(ContentDigest(bytes: digest.bytes) == digest)
        #expect(digest.bytes.first == 0xBA)
        #expect(digest.bytes.last == 0xAD)
    }

    @Test func orderIsByBytes() throws {
        let low = try #require(ContentDigest(bytes: Array(repeating: 0, count: 31) + [9]))
        let high = try #require(ContentDigest(bytes: [1] + Array(repeating: 0, count: 31)))
        #expect(low < high)
        #expect(!(high < low))
        #expect(!(low < low))
    }

    /// What frames of async functions have, and so all that a value may ask for that lives over an `await`.
    @Test func alignmentIsThatOfAWord() {
        #expect(MemoryLayout<ContentDigest>.size == 32 && MemoryLayout<ContentDigest>.alignment == 8)
    }

    @Test func whatIsNoDigestIsRefused() {
        #expect(ContentDigest(hex: String(abc.dropLast())) == nil)
        #expect(ContentDigest(hex: abc.uppercased()) == nil)
        #expect(ContentDigest(hex: abc + "00") == nil)
        #expect(ContentDigest(bytes: Array(repeating: 0, count: 31)) == nil)
        #expect(ContentDigest(bytes: Array(repeating: 0, count: 33)) == nil)
    }
}
