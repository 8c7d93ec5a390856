import CapsuleFormat
import Glibc
import PacketIO
import Testing

@testable import AgentKit

/// Streams that are longer than 32 bits can say.
@Suite struct StreamFileTests {
    @Test func aStreamMayBeLongerThanFourGibibytes() throws {
        let body = CapsuleTransferTests.Bench.noise(1 << 20, seed: 3)
        // One chunk, 5,000 times: a stream of 5 GB that takes no room here.
        let chunk = ChunkEntry(
            id: ContentDigest(hashing: body), storedLength: 1 << 20, rawLength: 1 << 20, bundle: 0, offset: 0)
        let bundle = CapsuleIndex.Bundle(id: ContentDigest(hashing: body), size: 1 << 20)
        let index = try CapsuleIndex(
            streams: [(.root, Array(repeating: chunk, count: 5_000))], bundles: [bundle])
        let decoded = try CapsuleIndex(decoding: index.encoded())
        let stream = try #require(ChunkedStream(.root, of: decoded))
        #expect(stream.size == 5_000 << 20)
        let last = try #require(FetchPlanner().plan(stream, chunks: [4_999]).first)
        guard case .verified(4_999, let offset, let bytes)? = stream.outcomes(of: last, body: body).first else {
            Issue.record("the last chunk does not verify")
            return
        }
        #expect(offset == 4_999 << 20)
        let directory = try ScratchDirectory()
        let file = StreamFile(
            "large", owning: try FileDescriptor.open(directory.path + "/large", O_RDWR | O_CREAT))
        try file.write(body[bytes], at: offset)
        #expect(try file.descriptor.bytes(2 << 20, at: 4_999 << 20) == body)
    }
}
