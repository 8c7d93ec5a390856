import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct ChunkDepositTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore
    private static let old = deterministicBytes(3 << 20, seed: 1)
    private var old: [UInt8] { Self.old }

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path)
    }

    /// `old` with one part replaced and one inserted.
    private var updated: [UInt8] {
        var bytes = old
        bytes.replaceSubrange(1_000_000..<1_000_500, with: deterministicBytes(500, seed: 2))
        bytes.insert(contentsOf: deterministicBytes(333, seed: 3), at: 2_000_000)
        return bytes
    }

    /// The stream of a generation, put together as a node does it.
    private func assemble(_ generation: CapsuleGeneration) throws -> [UInt8] {
        let stream = try #require(ChunkedStream(.root, of: try store.index(of: generation)))
        var bitmap = ChunkBitmap(count: stream.chunks.count)
        var target = [UInt8](repeating: 0, count: Int(stream.size))
        for range in FetchPlanner().plan(stream, present: bitmap) {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: store.bundlePath(range.bundle)))
            try file.seek(toOffset: UInt64(range.offset))
            let body = Array(try file.read(upToCount: range.length) ?? Data())
            for case .verified(let chunk, let offset, let bytes) in stream.outcomes(of: range, body: body) {
                target.replaceSubrange(Int(offset)..<(Int(offset) + bytes.count), with: body[bytes])
                bitmap.insert(chunk)
            }
        }
        #expect(bitmap.isComplete)
        return target
    }

    @Test func similarImagesShareTheirChunks() throws {
        let first = try StoreFixture.publish("a", contents: old, in: store)
        #expect(first.newBytes == Int64(old.count))
        let second = try StoreFixture.publish("b", contents: updated, in: store)
        #expect(second.newBytes < 2 << 20)
        #expect(second.newBytes > 0)
        let third = try StoreFixture.publish("a", contents: old, in: store)
        #expect(third.newBytes == 0)
        #expect(try assemble(first.generation) == old)
        #expect(try assemble(second.generation) == updated)
        #expect(try assemble(third.generation) == old)
    }

    @Test func streamThatRepeatsItselfIsStoredOnce() throws {
        let repeated = try StoreFixture.publish("a", contents: Array(repeating: 7, count: 3 << 20), in: store)
        #expect(repeated.newBytes == 1 << 20)
        #expect(try assemble(repeated.generation) == Array(repeating: 7, count: 3 << 20))
    }

    @Test func emptyStreamHasNoChunks() throws {
        let empty = try StoreFixture.publish("a", contents: [], in: store)
        #expect(try store.index(of: empty.generation).chunks.isEmpty)
        #expect(try assemble(empty.generation).isEmpty)
    }

    /// What a bundle of these chunks, one after the other, is called.
    private func name(of chunks: some Sequence<ChunkEntry>) -> String {
        var bytes = Array("perseid bundle 1\0".utf8)
        for chunk in chunks {
            bytes += chunk.id.bytes
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: chunk.storedLength >> (8 * $0)) }
        }
        return ContentDigest(hashing: bytes).hex
    }

    @Test func bundlesAreReadOnlyAndNamedByTheirChunks() throws {
        let first = try StoreFixture.publish("a", contents: old, in: store)
        let index = try store.index(of: first.generation)
        let names = try directory.names("bundles")
        #expect(names == index.bundles.map(\.id.hex).sorted())
        for (number, bundle) in index.bundles.enumerated() {
            let chunks = index.chunks.filter { Int($0.bundle) == number }.sorted { $0.offset < $1.offset }
            #expect(name(of: chunks) == bundle.id.hex)
            #expect(names.contains(bundle.id.hex))
            #expect(try directory.permissions("bundles/\(bundle.id.hex)") == 0o444)
            #expect(try directory.read("bundles/\(bundle.id.hex)").count == Int(bundle.size))
        }
    }

    @Test func bundlesEndNear16MiB() throws {
        let writerDirectory = directory.path + "/w"
        try DurableFiles.makeDirectory(writerDirectory)
        var writer = BundleWriter(directory: writerDirectory)
        let bytes = deterministicBytes(2 << 20, seed: 4)
        let chunks = [0..<(1 << 20), (1 << 20)..<(2 << 20)].map {
            (id: ContentDigest(hashing: Array(bytes[$0])), cut: $0)
        }
        var expected: [[UInt8]] = [[]]
        // The last of a portion, the first of a bundle, and runs of those that follow one another.
        for count in [1, 30, 2] {
            let batch = (0..<count).map { chunks[$0 % 2] }
            let (places, portions) = writer.place(batch)
            try writer.write(portions, of: bytes)
            for (chunk, place) in zip(batch, places) {
                if place.bundle == expected.count { expected.append([]) }
                #expect(place.bundle == expected.count - 1)
                #expect(Int(place.offset) == expected[place.bundle].count)
                expected[place.bundle] += bytes[chunk.cut]
            }
        }
        try writer.finish()
        #expect(writer.finished.map(\.size) == [16 << 20, 16 << 20, 1 << 20])
        for (bundle, contents) in zip(writer.finished, expected) {
            #expect(try directory.read("w/\(bundle.id.hex)") == contents)
        }
        #expect(try directory.names("w").count == 3)
    }

    /// Longer than a few windows and with repeats in it, so that buffers are used again.
    @Test func longStreamsComeOutAsTheyWentIn() throws {
        let piece = deterministicBytes(9 << 20, seed: 5)
        let long = piece + deterministicBytes(13 << 20, seed: 6) + piece + deterministicBytes(700_001, seed: 7)
        let published = try StoreFixture.publish("a", contents: long, in: store)
        #expect(try assemble(published.generation) == long)
        #expect(published.newBytes < 24 << 20)
        let manifest = try store.manifest(of: published.generation)
        #expect(manifest.stream(.root)?.sha256 == ContentDigest(hashing: long))
        #expect(
            try store.index(of: published.generation).chunks.map { Int($0.storedLength) }
                == Chunker().chunks(of: long).map(\.count))
    }

    @Test func catalogueIsRebuiltWhereItIsLostStaleOrDamaged() throws {
        try StoreFixture.publish("a", contents: old, in: store)
        let good = try store.loadCatalogue()
        #expect(!good.places.isEmpty)
        let saved = try directory.read("chunks.catalogue")
        #expect(ChunkCatalogue(saved) == good)

        try FileManager.default.removeItem(atPath: directory.path + "/chunks.catalogue")
        #expect(try store.loadCatalogue() == good)
        for position in stride(from: 0, to: saved.count, by: 197) {
            var damaged = saved
            damaged[position] ^= 0x10
            #expect(ChunkCatalogue(damaged) == nil)
        }
        for length in [0, 10, 31, 32, 100, saved.count - 1] { #expect(ChunkCatalogue(Array(saved[..<length])) == nil) }
        try directory.write("chunks.catalogue", "rubbish")
        #expect(try store.loadCatalogue() == good)

        // One that knows a generation that is gone.
        try directory.write("chunks.catalogue", saved)
        try FileManager.default.removeItem(atPath: directory.path + "/capsules/a/generations/1")
        #expect(try store.loadCatalogue().places.isEmpty)
    }

    @Test func chunksOfALostBundleAreStoredAnew() throws {
        try StoreFixture.publish("a", contents: old, in: store)
        for name in try directory.names("bundles") {
            try FileManager.default.removeItem(atPath: directory.path + "/bundles/\(name)")
        }
        let again = try StoreFixture.publish("b", contents: old, in: store)
        #expect(again.newBytes == Int64(old.count))
        #expect(try assemble(again.generation) == old)
    }
}
