import CapsuleFormat
import Testing

@Suite struct ChunkedStreamTests {
    private let contents = deterministicBytes(64 << 10, seed: 21)

    /// `contents` cut into chunks that lie one after the other in one bundle, 10 bytes into it.
    private func stream() throws -> (ChunkedStream, bundle: [UInt8]) {
        let parameters = try #require(ChunkerParameters(minimum: 1024, average: 4096, maximum: 16384))
        let chunks = Chunker(parameters).chunks(of: contents).map { range in
            ChunkEntry(
                id: ContentDigest(hashing: Array(contents[range])), storedLength: UInt32(range.count),
                rawLength: UInt32(range.count), bundle: 0, offset: UInt32(10 + range.lowerBound))
        }
        let bundle = Array(repeating: UInt8(0), count: 10) + contents
        let index = try CapsuleIndex(
            streams: [(.root, chunks)],
            bundles: [.init(id: ContentDigest(hashing: bundle), size: UInt32(bundle.count))])
        return (try #require(ChunkedStream(.root, of: index)), bundle)
    }

    /// Fetches what is missing, `serve` being the server, and gives the stream back.
    private func fetch(
        _ stream: ChunkedStream, into bitmap: inout ChunkBitmap, target: inout [UInt8],
        serve: (FetchRange) -> [UInt8]
    ) -> [Int] {
        var rejected: [Int] = []
        for range in FetchPlanner(maximumLength: 20_000).plan(stream, present: bitmap) {
            let body = serve(range)
            for outcome in stream.outcomes(of: range, body: body) {
                switch outcome {
                case .verified(let chunk, let offset, let bytes):
                    target.replaceSubrange(Int(offset)..<(Int(offset) + bytes.count), with: body[bytes])
                    bitmap.insert(chunk)
                case .rejected(let chunk): rejected.append(chunk)
                }
            }
        }
        return rejected
    }

    private func slice(_ bundle: [UInt8], _ range: FetchRange) -> [UInt8] {
        Array(bundle[Int(range.offset)..<(Int(range.offset) + range.length)])
    }

    @Test func assemblesTheStream() throws {
        let (stream, bundle) = try stream()
        #expect(stream.size == 64 << 10)
        var bitmap = ChunkBitmap(count: stream.chunks.count)
        var target = [UInt8](repeating: 0, count: contents.count)
        let rejected = fetch(stream, into: &bitmap, target: &target) { slice(bundle, $0) }
        #expect(rejected.isEmpty)
        #expect(bitmap.isComplete)
        #expect(target == contents)
    }

    @Test func flippedByteCostsOneChunkAndIsFetchedAgain() throws {
        let (stream, bundle) = try stream()
        var damaged = bundle
        damaged[30_000] ^= 0x40
        var bitmap = ChunkBitmap(count: stream.chunks.count)
        var target = [UInt8](repeating: 0, count: contents.count)
        let rejected = fetch(stream, into: &bitmap, target: &target) { slice(damaged, $0) }
        #expect(rejected.count == 1)
        #expect(bitmap.missing == rejected)
        let again = fetch(stream, into: &bitmap, target: &target) { slice(bundle, $0) }
        #expect(again.isEmpty)
        #expect(target == contents)
    }

    @Test func truncatedAnswerKeepsItsWholeChunks() throws {
        let (stream, bundle) = try stream()
        var bitmap = ChunkBitmap(count: stream.chunks.count)
        var target = [UInt8](repeating: 0, count: contents.count)
        _ = fetch(stream, into: &bitmap, target: &target) { Array(slice(bundle, $0).prefix($0.length - 1)) }
        #expect(bitmap.present > 0)
        #expect(!bitmap.isComplete)
        var asked = 0
        _ = fetch(stream, into: &bitmap, target: &target) { range in
            asked += range.length
            return slice(bundle, range)
        }
        #expect(target == contents)
        #expect(asked < contents.count)
    }

    @Test func emptyAndShortBodiesGiveNothing() throws {
        let (stream, _) = try stream()
        let range = try #require(FetchPlanner().plan(stream, present: ChunkBitmap(count: stream.chunks.count)).first)
        #expect(stream.outcomes(of: range, body: []).isEmpty)
        #expect(stream.outcomes(of: range, body: [1]).isEmpty)
    }

    @Test func rangeOfAnotherStreamIsHarmless() throws {
        let (stream, bundle) = try stream()
        let foreign = try Self.foreignRange()
        for outcome in stream.outcomes(of: foreign, body: bundle) {
            guard case .rejected = outcome else { continue }
        }
    }

    private static func foreignRange() throws -> FetchRange {
        let chunks = (0..<100).map { position in
            ChunkEntry(
                id: CapsuleIndexTests.digest(UInt8(position)), storedLength: 100, rawLength: 100, bundle: 0,
                offset: UInt32(60_000 + position * 100))
        }
        let index = try CapsuleIndex(
            streams: [(.kernel, chunks)], bundles: [.init(id: CapsuleIndexTests.digest(0), size: 1 << 20)])
        let stream = try #require(ChunkedStream(.kernel, of: index))
        return try #require(FetchPlanner().plan(stream, present: ChunkBitmap(count: 100)).first)
    }
}
