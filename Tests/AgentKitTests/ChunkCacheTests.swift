import CapsuleFormat
import Glibc
import PacketIO
import Testing

@testable import AgentKit

/// The cache in a directory of its own, and a transfer that uses it.
@Suite struct ChunkCacheTests {
    private func entries(_ count: Int, seed: UInt64 = 7) throws -> (stream: ChunkedStream, bytes: [UInt8]) {
        let chunker = try #require(ChunkerParameters(minimum: 512, average: 2048, maximum: 8192))
        let bytes = CapsuleTransferTests.Bench.noise(count, seed: seed)
        let capsule = try TestCapsule("lab@1", streams: [(.root, bytes)], chunker: chunker)
        return (try #require(ChunkedStream(.root, of: capsule.decodedIndex)), bytes)
    }

    private func keepAll(_ stream: ChunkedStream, _ bytes: [UInt8], in cache: ChunkCache) {
        for (chunk, offset) in zip(stream.chunks, stream.offsets) {
            cache.keep(chunk.id, bytes[Int(offset)..<Int(offset) + Int(chunk.rawLength)])
        }
    }

    private func files(_ directory: ScratchDirectory) -> [String] {
        SmallFile.names(in: "\(directory.path)/chunks").flatMap { group in
            SmallFile.names(in: "\(directory.path)/chunks/\(group)").map {
                "\(directory.path)/chunks/\(group)/\($0)"
            }
        }
    }

    @Test func givesBackWhatItKept() throws {
        let directory = try ScratchDirectory()
        let (stream, bytes) = try entries(40_000)
        let first = try ChunkCache(in: directory.path, limit: 1 << 20)
        #expect(first.prepare(for: [stream]).isEmpty)
        keepAll(stream, bytes, in: first)
        let second = try ChunkCache(in: directory.path, limit: 1 << 20)
        #expect(second.prepare(for: [stream]) == Set(stream.chunks.map(\.id)))
        var body: [UInt8] = []
        for (chunk, offset) in zip(stream.chunks, stream.offsets) {
            #expect(second.read(chunk, into: &body))
            #expect(body == Array(bytes[Int(offset)..<Int(offset) + Int(chunk.rawLength)]))
        }
    }

    @Test func forgetsWhatIsDamaged() throws {
        let directory = try ScratchDirectory()
        let (stream, bytes) = try entries(40_000)
        let cache = try ChunkCache(in: directory.path, limit: 1 << 20)
        _ = cache.prepare(for: [stream])
        keepAll(stream, bytes, in: cache)
        let victim = try #require(stream.chunks.first)
        let path = try #require(files(directory).first { $0.hasSuffix(victim.id.hex) })
        var contents = try SmallFile.read(path)
        contents[contents.count / 2] ^= 1
        try SmallFile.replace(path, with: contents)
        var body: [UInt8] = []
        #expect(!cache.read(victim, into: &body))
        #expect(!SmallFile.exists(path))
        // A link in the place of a chunk is not followed.
        try systemCall("symlink") { symlink("/etc/hostname", path) }
        #expect(!cache.read(victim, into: &body))
    }

    @Test func staysWithinItsLimitAndLetsTheOldestGo() throws {
        let directory = try ScratchDirectory()
        let limit: Int64 = 100_000
        let (old, oldBytes) = try entries(60_000, seed: 1)
        let first = try ChunkCache(in: directory.path, limit: limit)
        _ = first.prepare(for: [old])
        keepAll(old, oldBytes, in: first)
        let (new, newBytes) = try entries(60_000, seed: 2)
        let second = try ChunkCache(in: directory.path, limit: limit)
        _ = second.prepare(for: [new])
        keepAll(new, newBytes, in: second)
        let third = try ChunkCache(in: directory.path, limit: limit)
        #expect(third.prepare(for: [new]).count == new.chunks.count)
        let left = third.prepare(for: [old]).count
        #expect(left > 0 && left < old.chunks.count)
        let size = try files(directory).reduce(0) { try $0 + SmallFile.read($1).count }
        #expect(size <= limit)
    }

    @Test func keepsNothingBeyondItsLimit() throws {
        let directory = try ScratchDirectory()
        let (stream, bytes) = try entries(60_000)
        let cache = try ChunkCache(in: directory.path, limit: 20_000)
        _ = cache.prepare(for: [stream])
        keepAll(stream, bytes, in: cache)
        #expect(try files(directory).reduce(0) { try $0 + SmallFile.read($1).count } <= 20_000)
        #expect(!files(directory).isEmpty)
    }

    @Test func savesTheSecondTransferTheNetwork() throws {
        let directory = try ScratchDirectory()
        let streams: [StreamRole] = [.root, .modules]
        for boot in 1...3 {
            let bench = try CapsuleTransferTests.Bench()
            let server = try LoopbackServer { .raw(bench.answer($0)) }
            let cache = try ChunkCache(in: directory.path, limit: 1 << 30)
            // A torn file is fetched again, and nothing else.
            if boot == 3 { try SmallFile.replace(try #require(files(directory).first), with: [1, 2, 3]) }
            let transfer = CapsuleTransfer(
                streams.compactMap { ChunkedStream($0, of: bench.capsule.decodedIndex) }, into: bench.files,
                cache: cache)
            _ = try bench.run(transfer, from: [server.url])
            try bench.expectWhole()
            let fetched = server.requests.compactMap(\.range).reduce(0) { $0 + $1.count }
            switch boot {
            case 1: #expect(Int64(fetched) >= 300_000)
            case 2: #expect(fetched == 0)
            default: #expect(fetched > 0 && fetched < 32 << 10)
            }
        }
    }
}
