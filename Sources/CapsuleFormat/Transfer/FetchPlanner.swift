/// One HTTP range request (RFC 9110, section 14) for one bundle.
public struct FetchRange: Hashable, Sendable {
    public let bundle: ContentDigest
    /// First byte in the bundle.
    public let offset: UInt32
    /// In bytes.
    public let length: Int
    /// The chunks that it brings, counted within the stream, in the order of the bundle. One that the stream has at
    /// several places is named for each of them.
    public let chunks: [Int]

    /// The value of the `Range` header: both ends included.
    public var header: String { "bytes=\(offset)-\(Int(offset) + length - 1)" }
}

/// Turns the chunks that are missing into few requests: neighbours in a bundle are fetched together, small gaps are
/// read over, because a request costs about as much as 64 KiB.
public struct FetchPlanner: Sendable {
    /// Longest run of unwanted bytes that is read over, in bytes.
    public var maximumGap: Int
    /// Longest request, in bytes, unless a single chunk is longer. It bounds what a node holds unverified, too.
    public var maximumLength: Int

    public init(maximumGap: Int = 64 << 10, maximumLength: Int = 4 << 20) {
        self.maximumGap = maximumGap
        self.maximumLength = maximumLength
    }

    /// The requests for every chunk of `stream` that is not in `present`, bundle by bundle.
    public func plan(_ stream: ChunkedStream, present: ChunkBitmap) -> [FetchRange] {
        plan(stream, chunks: stream.chunks.indices.filter { !present.contains($0) })
    }

    /// The requests for some chunks of `stream`; numbers that are not in it are left out.
    public func plan(_ stream: ChunkedStream, chunks: [Int]) -> [FetchRange] {
        var ranges: [FetchRange] = []
        var open: OpenRange?
        let ordered = chunks.filter(stream.chunks.indices.contains).sorted {
            place(stream.chunks[$0]) < place(stream.chunks[$1])
        }
        for chunk in ordered {
            let entry = stream.chunks[chunk]
            if open?.extend(by: chunk, entry, gap: maximumGap, limit: maximumLength) != true {
                if let range = open?.closed(in: stream) { ranges.append(range) }
                open = OpenRange(chunk, entry)
            }
        }
        if let range = open?.closed(in: stream) { ranges.append(range) }
        return ranges
    }

    private func place(_ entry: ChunkEntry) -> UInt64 {
        UInt64(entry.bundle) << 32 | UInt64(entry.offset)
    }

    /// A request that may still grow at its end.
    private struct OpenRange {
        let bundle: UInt16
        let start: Int
        var end: Int
        var chunks: [Int]

        init(_ chunk: Int, _ entry: ChunkEntry) {
            bundle = entry.bundle
            start = Int(entry.offset)
            end = start + Int(entry.storedLength)
            chunks = [chunk]
        }

        mutating func extend(by chunk: Int, _ entry: ChunkEntry, gap: Int, limit: Int) -> Bool {
            let newEnd = max(end, Int(entry.offset) + Int(entry.storedLength))
            guard entry.bundle == bundle, Int(entry.offset) - end <= gap, newEnd - start <= limit || newEnd == end
            else { return false }
            end = newEnd
            chunks.append(chunk)
            return true
        }

        func closed(in stream: ChunkedStream) -> FetchRange? {
            guard stream.bundles.indices.contains(Int(bundle)) else { return nil }
            return FetchRange(
                bundle: stream.bundles[Int(bundle)].id, offset: UInt32(truncatingIfNeeded: start), length: end - start,
                chunks: chunks)
        }
    }
}
