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

    @Test func bundlesAreReadOnlyAndNamedByTheirContent() throws {
        try StoreFixture.publish("a", contents: old, in: store)
        for name in try directory.names("bundles") {
            #expect(ContentDigest(hashing: try directory.read("bundles/\(name)")).hex == name)
            #expect(try directory.permissions("bundles/\(name)") == 0o444)
        }
    }

    @Test func bundlesEndNear16MiB() throws {
        let writerDirectory = directory.path + "/w"
        try DurableFiles.makeDirectory(writerDirectory)
        var writer = BundleWriter(directory: writerDirectory)
        let chunk = [UInt8](repeating: 1, count: 1 << 20)
        let whole = 0..<chunk.count
        for count in [1, 30, 2] { _ = try writer.append(Array(repeating: whole, count: count), of: chunk) }
        try writer.finish()
        #expect(writer.finished.map(\.size) == [16 << 20, 16 << 20, 1 << 20])
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
