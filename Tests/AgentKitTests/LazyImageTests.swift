import CapsuleFormat
import Testing

@testable import AgentKit

/// What a root that is not whole yet is read by: requests, and where in a stream they lie.
@Suite struct LazyImageTests {
    /// As nbd of Linux 6.1 writes it: read 4096 bytes at 0x10400, handle 0x0102030405060708.
    private let read: [UInt8] =
        [0x25, 0x60, 0x95, 0x13, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0x10, 0]

    @Test func requestsAreRead() throws {
        let request = try #require(NBDRequest(read))
        #expect(request.command == .read && request.handle == 0x0102_0304_0506_0708)
        #expect(request.offset == 0x10400 && request.length == 4096)
        #expect(request.reply() == [0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(request.reply(error: 22)[4..<8].elementsEqual([0, 0, 0, 22]))
        var other = read
        other[7] = 2
        #expect(NBDRequest(other)?.command == .disconnect)
        other[7] = 1
        #expect(NBDRequest(other)?.command == .other(1))
    }

    @Test(arguments: [0, 27, 29]) func whatIsNoRequestIsRefused(length: Int) {
        #expect(NBDRequest([UInt8](repeating: 0x25, count: length)) == nil)
        #expect(NBDRequest([UInt8](repeating: 0, count: 28)) == nil)
    }

    @Test func bytesLieInChunks() throws {
        let chunker = try #require(ChunkerParameters(minimum: 512, average: 2048, maximum: 8192))
        let capsule = try TestCapsule(
            "lab@1", streams: [(.root, CapsuleTransferTests.Bench.noise(30_000, seed: 5))], chunker: chunker)
        let stream = try #require(ChunkedStream(.root, of: capsule.decodedIndex))
        for first in stride(from: Int64(0), to: 30_500, by: 333) {
            for length in [Int64(0), 1, 512, 4096, 40_000] {
                let bytes = first..<(first + length)
                let expected = stream.chunks.indices.filter { chunk in
                    let start = stream.offsets[chunk]
                    return !bytes.isEmpty && bytes.overlaps(start..<(start + Int64(stream.chunks[chunk].rawLength)))
                }
                #expect(Array(stream.chunks(bytes)) == expected, "\(bytes)")
            }
        }
    }

    @Test func readsThatEndWhereNoFileDoesAreRefused() throws {
        let capsule = try TestCapsule("lab@1", streams: [(.root, CapsuleTransferTests.Bench.noise(30_000, seed: 5))])
        let stream = try #require(ChunkedStream(.root, of: capsule.decodedIndex))
        var request = try #require(NBDRequest(read))
        func place(_ offset: UInt64, _ length: UInt32) -> ImageRead? {
            request.offset = offset
            request.length = length
            return ImageRead(request, of: stream)
        }
        let read = try #require(place(4096, 512))
        #expect(read.bytes == 4096..<4608 && read.chunks == stream.chunks(4096..<4608) && !read.chunks.isEmpty)
        #expect(read.request == request)
        #expect(place(0x7fff_ffff_ffff_f000, 0xfff)?.chunks.isEmpty == true)
        #expect(place(0x7fff_ffff_ffff_f000, 0x1000) == nil)
        #expect(place(0x8000_0000_0000_0000, 0) == nil && place(.max, .max) == nil)
        #expect(place(0, 32 << 20) != nil && place(0, 32 << 20 + 1) == nil)
    }

    @Test func aTraceNamesEachChunkOnce() {
        var trace = ChunkTrace(chunks: 10)
        for chunks in [3..<5, 0..<1, 4..<7, 9..<99] { trace.touch(chunks) }
        #expect(trace.order == [3, 4, 0, 5, 6, 9])
    }
}
