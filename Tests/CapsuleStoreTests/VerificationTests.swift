import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct VerificationTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore
    private let generation: CapsuleGeneration

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path)
        generation = try StoreFixture.publish(
            "a", contents: deterministicBytes(2_000_000, seed: 3), in: store
        ).generation
    }

    private func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try directory.read(path)
        change(&bytes)
        _ = try output(of: "rm", ["-f", "\(directory.path)/\(path)"])
        try directory.write(path, bytes)
    }

    private func bundle() throws -> String { "bundles/" + (try #require(directory.names("bundles").first)) }

    @Test func wholeGenerationIsWhole() throws {
        var last: (Int64, Int64) = (0, 0)
        let verification = try store.verify(generation) { last = ($0, $1) }
        #expect(verification.isWhole && verification.bytes == 2_000_000)
        #expect(verification.chunks == (try store.index(of: generation).chunks.count))
        #expect(last == (2_000_000, 2_000_000))
    }

    @Test func flippedBitIsFoundWithItsChunk() throws {
        let index = try store.index(of: generation)
        let chunk = try #require(index.chunks.last)
        try damage(bundle()) { $0[Int(chunk.offset) + 5] ^= 1 }
        let verification = try store.verify(generation)
        #expect(verification.faults.count == 1)
        #expect(verification.faults.first?.contains("\(chunk.id)") == true)
        #expect(verification.chunks == index.chunks.count)
    }

    @Test func shortAndMissingBundlesAreFound() throws {
        try damage(bundle()) { $0.removeLast() }
        #expect(try store.verify(generation).faults.count == 1)
        _ = try output(of: "rm", ["-f", "\(directory.path)/\(bundle())"])
        #expect(try store.verify(generation).faults.count == store.index(of: generation).chunks.count)
    }

    /// Nobody is served what was appended, but somebody wrote there.
    @Test func bundleThatGrewIsFound() throws {
        try damage(bundle()) { $0.append(0) }
        let verification = try store.verify(generation)
        #expect(verification.faults.count == 1 && verification.faults.first?.contains("2000001 bytes") == true)
    }

    @Test func indexAndManifestAreCheckedFirst() throws {
        try damage("capsules/a/generations/1/index") { $0[40] ^= 1 }
        #expect(throws: StoreError.self) { try store.verify(generation) }
        try damage("capsules/a/generations/1/manifest") { $0[$0.count - 3] ^= 1 }
        let key = try #require(try store.publicKeys().first?.id)
        #expect(throws: StoreError.manifest(.badSignature(key))) { try store.verify(generation) }
    }
}
