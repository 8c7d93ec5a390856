/// The list of a generation's chunks: for each stream the chunks in order, and in which bundle each lies.
///
/// A value of this type is consistent: every chunk lies inside its bundle, each stream's chunks add up to its size.
///
/// Wire format, version 1, little-endian, nothing between the parts and nothing after them:
///
/// | part | bytes |
/// |---|---|
/// | header | magic `PERSEIDX` 8, version 2, streams 2, bundles 4, chunks 4, reserved 4 |
/// | per stream | role 2, reserved 2, chunks 4, size 8 |
/// | per bundle | id 32, size 4, reserved 4 |
/// | per chunk, streams one after the other | id 32, stored length 4, raw length 4, bundle 2, flags 2, offset 4 |
public struct CapsuleIndex: Hashable, Sendable {
    /// One stream's share of the chunks.
    public struct Stream: Hashable, Sendable {
        public let role: StreamRole
        /// Sum of the chunks' raw lengths.
        public let size: Int64
        /// Positions in `CapsuleIndex.chunks`.
        public let chunks: Range<Int>
    }

    /// One file of the bundle store.
    public struct Bundle: Hashable, Sendable {
        /// SHA-256 of the whole file: its name.
        public let id: ContentDigest
        public let size: UInt32

        public init(id: ContentDigest, size: UInt32) {
            self.id = id
            self.size = size
        }
    }

    /// Most chunks that an index may list: 64 GiB of stored image at the standard chunk size, a 12 MiB index.
    public static let maximumChunks = 1 << 18
    /// Most bundles, since a chunk names its bundle in 16 bits.
    public static let maximumBundles = 1 << 16
    /// Longest index in bytes. Nobody needs to read further.
    public static let maximumSize =
        Wire.header + StreamRole.allCases.count * Wire.stream + maximumBundles * Wire.bundle + maximumChunks
        * Wire.chunk
    /// Longest chunk, stored or raw, in bytes.
    public static let maximumChunkLength: UInt32 = 16 << 20

    public let streams: [Stream]
    public let bundles: [Bundle]
    public let chunks: [ChunkEntry]

    /// Sizes of the wire format's parts, and its constants.
    enum Wire {
        static let magic: [UInt8] = Array("PERSEIDX".utf8)
        static let version: UInt16 = 1
        static let header = 24
        static let stream = 16
        static let bundle = 40
        static let chunk = 48
    }

    /// An index of `streams`, in this order.
    /// - Throws: `IndexError` where an entry and its bundle disagree, a role comes twice, or a count is over its limit.
    public init(streams: [(role: StreamRole, chunks: [ChunkEntry])], bundles: [Bundle]) throws(IndexError) {
        var ranges: [Stream] = []
        var chunks: [ChunkEntry] = []
        for stream in streams {
            let start = chunks.count
            chunks += stream.chunks
            let size = stream.chunks.reduce(Int64(0)) { $0 + Int64($1.rawLength) }
            ranges.append(Stream(role: stream.role, size: size, chunks: start..<chunks.count))
        }
        try self.init(checking: ranges, bundles: bundles, chunks: chunks)
    }

    init(checking streams: [Stream], bundles: [Bundle], chunks: [ChunkEntry]) throws(IndexError) {
        guard chunks.count <= Self.maximumChunks else {
            throw .tooMany(.chunks, count: chunks.count, limit: Self.maximumChunks)
        }
        guard bundles.count <= Self.maximumBundles else {
            throw .tooMany(.bundles, count: bundles.count, limit: Self.maximumBundles)
        }
        guard Set(streams.map(\.role)).count == streams.count else { throw .repeatedStream }
        for (position, chunk) in chunks.enumerated() {
            try Self.check(chunk, at: position, bundles: bundles)
        }
        self.streams = streams
        self.bundles = bundles
        self.chunks = chunks
    }

    private static func check(_ chunk: ChunkEntry, at position: Int, bundles: [Bundle]) throws(IndexError) {
        guard chunk.flags == 0 else { throw .unknownFlags(chunk: position, flags: chunk.flags) }
        guard (1...maximumChunkLength).contains(chunk.storedLength), chunk.rawLength == chunk.storedLength else {
            throw .badLength(chunk: position)
        }
        guard Int(chunk.bundle) < bundles.count else { throw .noSuchBundle(chunk: position, bundle: chunk.bundle) }
        let end = UInt64(chunk.offset) + UInt64(chunk.storedLength)
        guard end <= UInt64(bundles[Int(chunk.bundle)].size) else { throw .outsideBundle(chunk: position) }
    }

    /// Nil where the capsule has no such stream.
    public func stream(_ role: StreamRole) -> Stream? {
        streams.first { $0.role == role }
    }
}
