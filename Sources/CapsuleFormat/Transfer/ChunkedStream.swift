/// One stream of an index, with the place of each chunk: what a node fetches, verifies and writes.
///
/// Chunks are counted within the stream, from 0.
public struct ChunkedStream: Sendable {
    public let role: StreamRole
    /// In bytes.
    public let size: Int64
    public let chunks: [ChunkEntry]
    /// Where each chunk begins in the stream, in bytes.
    public let offsets: [Int64]
    /// The bundles of the index, which `ChunkEntry.bundle` counts.
    public let bundles: [CapsuleIndex.Bundle]

    /// Nil where the capsule has no such stream.
    public init?(_ role: StreamRole, of index: CapsuleIndex) {
        guard let stream = index.stream(role) else { return nil }
        self.role = role
        size = stream.size
        chunks = Array(index.chunks[stream.chunks])
        bundles = index.bundles
        var offsets: [Int64] = []
        offsets.reserveCapacity(chunks.count)
        var next: Int64 = 0
        for chunk in chunks {
            offsets.append(next)
            next += Int64(chunk.rawLength)
        }
        self.offsets = offsets
    }

    /// What became of one chunk of a fetched range.
    public enum Outcome: Hashable, Sendable {
        /// `bytes` of the body hold the chunk and may be written at `offset` of the stream.
        case verified(chunk: Int, offset: Int64, bytes: Range<Int>)
        /// The body's bytes are not the chunk's. Fetch it again, elsewhere if there is an elsewhere.
        case rejected(chunk: Int)
    }

    /// Checks the chunks that `body` holds whole; one that it cuts off is not mentioned, and so stays missing.
    /// - Parameter body: the bytes of `range` from its start, all of them or as many as came.
    public func outcomes(of range: FetchRange, body: [UInt8]) -> [Outcome] {
        var whole: [(chunk: Int, bytes: Range<Int>)] = []
        for chunk in range.chunks {
            guard chunks.indices.contains(chunk), range.offset <= chunks[chunk].offset else { continue }
            let start = Int(chunks[chunk].offset - range.offset)
            let bytes = start..<(start + Int(chunks[chunk].storedLength))
            if bytes.upperBound <= body.count { whole.append((chunk, bytes)) }
        }
        let digests = ContentDigest.hashing(whole.map(\.bytes), of: body.span)
        return zip(whole, digests).map { found, digest in
            guard digest == chunks[found.chunk].id else { return .rejected(chunk: found.chunk) }
            return .verified(chunk: found.chunk, offset: offsets[found.chunk], bytes: found.bytes)
        }
    }
}
