import CapsuleFormat
import Testing

@Suite struct FetchPlannerTests {
    /// A stream whose chunks lie where `layout` says: bundle, offset, length.
    private func stream(_ layout: [(bundle: UInt16, offset: UInt32, length: UInt32)]) throws -> ChunkedStream {
        let bundles = (0..<3).map { CapsuleIndex.Bundle(id: CapsuleIndexTests.digest(UInt8($0)), size: 1 << 24) }
        let chunks = layout.enumerated().map { position, place in
            ChunkEntry(
                id: ContentDigest(hashing: [UInt8(position)]), storedLength: place.length, rawLength: place.length,
                bundle: place.bundle, offset: place.offset)
        }
        let index = try CapsuleIndex(streams: [(.root, chunks)], bundles: bundles)
        return try #require(ChunkedStream(.root, of: index))
    }

    private func plan(_ stream: ChunkedStream, present: [Int] = []) -> [FetchRange] {
        var bitmap = ChunkBitmap(count: stream.chunks.count)
        for chunk in present { bitmap.insert(chunk) }
        return FetchPlanner(maximumGap: 100, maximumLength: 1000).plan(stream, present: bitmap)
    }

    @Test func neighboursAreFetchedTogether() throws {
        let ranges = plan(try stream([(0, 0, 300), (0, 300, 300), (1, 0, 50)]))
        #expect(ranges.map(\.chunks) == [[0, 1], [2]])
        #expect(ranges.map(\.header) == ["bytes=0-599", "bytes=0-49"])
        #expect(ranges[1].bundle == CapsuleIndexTests.digest(1))
    }

    @Test func smallGapsAreReadOverAndLargeOnesAreNot() throws {
        let layout: [(bundle: UInt16, offset: UInt32, length: UInt32)] = [(0, 0, 100), (0, 200, 100), (0, 401, 100)]
        let ranges = plan(try stream(layout))
        #expect(ranges.map(\.header) == ["bytes=0-299", "bytes=401-500"])
    }

    @Test func requestsStayUnderTheCapUnlessOneChunkIsLonger() throws {
        let ranges = plan(try stream([(0, 0, 600), (0, 600, 600), (0, 1200, 2000)]))
        #expect(ranges.map(\.length) == [600, 600, 2000])
    }

    @Test func presentChunksAreNotAskedForAgain() throws {
        let layout: [(bundle: UInt16, offset: UInt32, length: UInt32)] = [(0, 0, 300), (0, 300, 300), (0, 600, 300)]
        #expect(plan(try stream(layout), present: [0, 1, 2]).isEmpty)
        let ranges = plan(try stream(layout), present: [1])
        #expect(ranges.map(\.chunks) == [[0], [2]])
    }

    @Test func orderInTheBundleWins() throws {
        let ranges = plan(try stream([(1, 300, 300), (0, 0, 10), (1, 0, 300)]))
        #expect(ranges.map(\.chunks) == [[1], [2, 0]])
    }

    @Test func repeatedChunkIsFetchedOnceForAllItsPlaces() throws {
        let ranges = plan(try stream([(0, 0, 900), (0, 0, 900), (0, 900, 50)]))
        #expect(ranges.count == 1)
        #expect(ranges[0].length == 950)
        #expect(ranges[0].chunks.sorted() == [0, 1, 2])
    }

    @Test func everyMissingChunkIsPlannedExactlyOnceAndInsideItsRange() throws {
        var layout: [(bundle: UInt16, offset: UInt32, length: UInt32)] = []
        for byte in deterministicBytes(200, seed: 9) {
            layout.append((UInt16(byte % 3), UInt32(byte) * 37, UInt32(byte % 90) + 1))
        }
        let stream = try stream(layout)
        let ranges = plan(stream, present: [3, 50, 51])
        #expect(ranges.flatMap(\.chunks).sorted() == (0..<200).filter { ![3, 50, 51].contains($0) })
        for range in ranges {
            for chunk in range.chunks {
                let entry = stream.chunks[chunk]
                #expect(stream.bundles[Int(entry.bundle)].id == range.bundle)
                #expect(entry.offset >= range.offset)
                #expect(Int(entry.offset) + Int(entry.storedLength) <= Int(range.offset) + range.length)
            }
            #expect(range.length <= 1000)
        }
    }
}
