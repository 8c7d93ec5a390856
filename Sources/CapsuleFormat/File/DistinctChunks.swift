/// The chunks of an index, each once, in the order in which its streams need them first, with every place where the
/// index says that it lies.
public struct DistinctChunks: Hashable, Sendable {
    public struct Place: Hashable, Sendable {
        /// Position in `CapsuleIndex.bundles`.
        public let bundle: Int
        /// In bytes.
        public let offset: UInt32
    }

    public struct Chunk: Hashable, Sendable {
        public let id: ContentDigest
        /// Stored bytes.
        public let length: UInt32
        public internal(set) var places: [Place]

        /// Whether `stored` are the bytes of this chunk.
        public func verify(_ stored: RawSpan) -> Bool {
            stored.byteCount == Int(length) && ContentDigest(hashing: stored) == id
        }
    }

    public let chunks: [Chunk]
    /// Sum of their lengths, in bytes.
    public let size: Int64

    /// - Throws: `.contradiction` where one chunk has two lengths, or two chunks lie over one another: no bundle could
    ///   then hold both.
    public init(of index: CapsuleIndex) throws(CapsuleFileError) {
        var positions: [ContentDigest: Int] = [:]
        var chunks: [Chunk] = []
        for entry in index.chunks {
            let place = Place(bundle: Int(entry.bundle), offset: entry.offset)
            guard let position = positions[entry.id] else {
                positions[entry.id] = chunks.count
                chunks.append(Chunk(id: entry.id, length: entry.storedLength, places: [place]))
                continue
            }
            guard chunks[position].length == entry.storedLength else {
                throw .contradiction("chunk \(entry.id) has two lengths")
            }
            if !chunks[position].places.contains(place) { chunks[position].places.append(place) }
        }
        self.chunks = chunks
        size = chunks.reduce(0) { $0 + Int64($1.length) }
        try checkOverlaps()
    }

    private func checkOverlaps() throws(CapsuleFileError) {
        struct Extent {
            var bundle: Int
            var start: UInt64
            var end: UInt64
        }
        let extents = chunks.flatMap { chunk in
            chunk.places.map {
                Extent(bundle: $0.bundle, start: UInt64($0.offset), end: UInt64($0.offset) + UInt64(chunk.length))
            }
        }.sorted { ($0.bundle, $0.start) < ($1.bundle, $1.start) }
        for (first, second) in zip(extents, extents.dropFirst())
        where first.bundle == second.bundle && first.end > second.start {
            throw .contradiction("two chunks lie over one another in bundle \(first.bundle)")
        }
    }
}
