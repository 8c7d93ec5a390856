import CapsuleFormat
import Testing

@Suite struct DistinctChunksTests {
    private func entry(_ id: UInt8, _ offset: UInt32, _ length: UInt32, bundle: UInt16 = 0) -> ChunkEntry {
        ChunkEntry(
            id: ContentDigest(hashing: [id]), storedLength: length, rawLength: length, bundle: bundle, offset: offset)
    }

    private func distinct(_ chunks: [ChunkEntry]) throws -> DistinctChunks {
        let bundles = (0..<2).map { CapsuleIndex.Bundle(id: ContentDigest(hashing: [$0]), size: 100) }
        return try DistinctChunks(of: CapsuleIndex(streams: [(.root, chunks)], bundles: bundles))
    }

    @Test func chunkInTwoPlacesIsOneChunk() throws {
        let distinct = try distinct([entry(1, 0, 10), entry(2, 10, 10), entry(1, 0, 10), entry(1, 50, 10, bundle: 1)])
        #expect(distinct.chunks.map(\.places.count) == [2, 1])
        #expect(distinct.size == 20)
    }

    @Test func contradictionsAreFound() throws {
        for chunks in [
            [entry(1, 0, 10), entry(1, 20, 11)], [entry(1, 0, 10), entry(2, 9, 10)],
            [entry(1, 0, 100), entry(2, 50, 1)], [entry(1, 5, 10), entry(2, 5, 10)],
        ] {
            #expect(throws: CapsuleFileError.self) { try distinct(chunks) }
        }
        #expect(try distinct([entry(1, 0, 10), entry(2, 0, 10, bundle: 1)]).chunks.count == 2)
    }
}
