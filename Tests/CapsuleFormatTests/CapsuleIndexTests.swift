import CapsuleFormat
import Testing

@Suite struct CapsuleIndexTests {
    /// Two streams over two bundles, one chunk shared.
    static func example() throws -> CapsuleIndex {
        let bundles = [
            CapsuleIndex.Bundle(id: digest(1), size: 1000), CapsuleIndex.Bundle(id: digest(2), size: 500),
        ]
        let a = ChunkEntry(id: digest(10), storedLength: 600, rawLength: 600, bundle: 0, offset: 0)
        let b = ChunkEntry(id: digest(11), storedLength: 400, rawLength: 400, bundle: 0, offset: 600)
        let c = ChunkEntry(id: digest(12), storedLength: 500, rawLength: 500, bundle: 1, offset: 0)
        return try CapsuleIndex(streams: [(.root, [a, b, a]), (.kernel, [c])], bundles: bundles)
    }

    static func digest(_ byte: UInt8) -> ContentDigest {
        ContentDigest(hashing: [byte])
    }

    @Test func roundTrip() throws {
        let index = try Self.example()
        let bytes = index.encoded()
        #expect(bytes.count == 24 + 2 * 16 + 2 * 40 + 4 * 48)
        #expect(try CapsuleIndex(decoding: bytes) == index)
        #expect(index.stream(.root)?.size == 1600)
        #expect(index.stream(.modules) == nil)
    }

    /// Frozen: nodes of older stage 1s read it.
    @Test func bytesAreFrozen() throws {
        let digest = "040a41d6f8a291f437863a7ad0671b7cbfd54b96bc3a49508c70d634f02c7573"
        #expect(ContentDigest(hashing: try Self.example().encoded()).hex == digest)
    }

    @Test func emptyIndex() throws {
        let index = try CapsuleIndex(streams: [], bundles: [])
        #expect(try CapsuleIndex(decoding: index.encoded()) == index)
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try Self.example().encoded()
        for length in 0..<bytes.count {
            #expect(throws: IndexError.self) { try CapsuleIndex(decoding: Array(bytes[..<length])) }
        }
        #expect(throws: IndexError.wrongSize(expected: bytes.count, found: bytes.count + 1)) {
            try CapsuleIndex(decoding: bytes + [0])
        }
    }

    /// Nothing traps, and what is accepted is consistent: it survives its own round trip.
    @Test func flippedBytesNeverTrap() throws {
        let good = try Self.example().encoded()
        for position in good.indices {
            for mask: UInt8 in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF] {
                var bytes = good
                bytes[position] ^= mask
                guard let index = try? CapsuleIndex(decoding: bytes) else { continue }
                #expect(try CapsuleIndex(decoding: index.encoded()) == index)
            }
        }
    }

    @Test func randomBytesNeverTrap() {
        for seed in 1...2000 {
            var bytes = deterministicBytes(24 + seed % 300, seed: UInt64(seed))
            bytes.replaceSubrange(0..<10, with: Array("PERSEIDX".utf8) + [1, 0])
            if seed.isMultiple(of: 2) { bytes.replaceSubrange(10..<20, with: [1, 0, 1, 0, 0, 0, 1, 0, 0, 0]) }
            _ = try? CapsuleIndex(decoding: bytes)
        }
    }

    @Test func hugeCountsAreRefusedBeforeAnythingIsAllocated() throws {
        var bytes = try Self.example().encoded()
        bytes.replaceSubrange(16..<20, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: IndexError.tooMany(.chunks, count: 0xFFFF_FFFF, limit: CapsuleIndex.maximumChunks)) {
            try CapsuleIndex(decoding: bytes)
        }
    }

    @Test func newerFormatIsToldApart() throws {
        var bytes = try Self.example().encoded()
        bytes[8] = 2
        #expect(throws: IndexError.newerFormat(version: 2)) { try CapsuleIndex(decoding: bytes) }
        #expect(throws: IndexError.notAnIndex) { try CapsuleIndex(decoding: Array("<html>no such file".utf8)) }
    }

    @Test func chunkOutsideItsBundleIsRefused() {
        let bundle = CapsuleIndex.Bundle(id: Self.digest(1), size: 100)
        let chunk = ChunkEntry(id: Self.digest(2), storedLength: 60, rawLength: 60, bundle: 0, offset: 41)
        #expect(throws: IndexError.outsideBundle(chunk: 0)) {
            try CapsuleIndex(streams: [(.root, [chunk])], bundles: [bundle])
        }
        var far = chunk
        far.offset = .max
        far.storedLength = CapsuleIndex.maximumChunkLength
        far.rawLength = CapsuleIndex.maximumChunkLength
        #expect(throws: IndexError.outsideBundle(chunk: 0)) {
            try CapsuleIndex(streams: [(.root, [far])], bundles: [bundle])
        }
        #expect(throws: IndexError.noSuchBundle(chunk: 0, bundle: 0)) {
            try CapsuleIndex(streams: [(.root, [chunk])], bundles: [])
        }
    }

    @Test func lengthsAndFlagsAreChecked() {
        let bundle = CapsuleIndex.Bundle(id: Self.digest(1), size: 100)
        let good = ChunkEntry(id: Self.digest(2), storedLength: 10, rawLength: 10, bundle: 0, offset: 0)
        var empty = good
        empty.storedLength = 0
        var unequal = good
        unequal.rawLength = 11
        var flagged = good
        flagged.flags = 4
        for (chunk, error) in [
            (empty, IndexError.badLength(chunk: 0)), (unequal, .badLength(chunk: 0)),
            (flagged, .unknownFlags(chunk: 0, flags: 4)),
        ] {
            #expect(throws: error) { try CapsuleIndex(streams: [(.root, [chunk])], bundles: [bundle]) }
        }
        #expect(throws: IndexError.repeatedStream) {
            try CapsuleIndex(streams: [(.root, [good]), (.root, [good])], bundles: [bundle])
        }
    }

    @Test func wrongStreamSizeIsRefused() throws {
        var bytes = try Self.example().encoded()
        bytes[24 + 8] ^= 1
        #expect(throws: IndexError.streamMismatch(.root)) { try CapsuleIndex(decoding: bytes) }
    }

    @Test func manifestPinsTheIndex() throws {
        let index = try Self.example()
        let bytes = index.encoded()
        let manifest = try SignedManifestTests.manifest(of: index, key: SigningKey())
        #expect(try CapsuleIndex(bytes, pinnedBy: manifest) == index)
        var flipped = bytes
        flipped[30] ^= 1
        #expect(
            throws: IndexError.wrongDigest(
                expected: ContentDigest(hashing: bytes), found: ContentDigest(hashing: flipped))
        ) { try CapsuleIndex(flipped, pinnedBy: manifest) }
        var other = manifest
        other.streams[0].size += 1
        #expect(throws: IndexError.manifestMismatch("size of root")) { try CapsuleIndex(bytes, pinnedBy: other) }
        other = manifest
        other.streams.removeLast()
        #expect(throws: IndexError.manifestMismatch("streams")) { try CapsuleIndex(bytes, pinnedBy: other) }
    }
}
