extension CapsuleIndex {
    /// The wire format; see the type.
    public func encoded() -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.append(Wire.magic)
        writer.append(Wire.version)
        writer.append(UInt16(truncatingIfNeeded: streams.count))
        writer.append(UInt32(truncatingIfNeeded: bundles.count))
        writer.append(UInt32(truncatingIfNeeded: chunks.count))
        writer.append(UInt32(0))
        for stream in streams {
            writer.append(stream.role.code)
            writer.append(UInt16(0))
            writer.append(UInt32(truncatingIfNeeded: stream.chunks.count))
            writer.append(stream.size)
        }
        for bundle in bundles {
            writer.append(bundle.id.bytes)
            writer.append(bundle.size)
            writer.append(UInt32(0))
        }
        for chunk in chunks {
            writer.append(chunk.id.bytes)
            writer.append(chunk.storedLength)
            writer.append(chunk.rawLength)
            writer.append(chunk.bundle)
            writer.append(chunk.flags)
            writer.append(chunk.offset)
        }
        return writer.bytes
    }

    /// Reads an index that a verified manifest pins: the one way from the network to chunks.
    /// - Throws: `IndexError`, `.wrongDigest` first of all, before anything of the bytes is looked at.
    public init(_ bytes: [UInt8], pinnedBy manifest: CapsuleManifest) throws(IndexError) {
        let digest = ContentDigest(hashing: bytes)
        guard digest == manifest.index.sha256 else {
            throw .wrongDigest(expected: manifest.index.sha256, found: digest)
        }
        try self.init(decoding: bytes)
        guard chunks.count == manifest.index.chunks else { throw .manifestMismatch("number of chunks") }
        let listed = manifest.streams.map(\.role)
        guard listed == streams.map(\.role) else { throw .manifestMismatch("streams") }
        for (stream, summary) in zip(streams, manifest.streams) where stream.size != summary.size {
            throw .manifestMismatch("size of \(stream.role.rawValue)")
        }
    }

    /// Reads any well-formed index, without a manifest that vouches for it.
    /// - Throws: `IndexError`.
    public init(decoding bytes: [UInt8]) throws(IndexError) {
        var reader = LittleEndianReader(bytes)
        guard reader.bytes(Wire.magic.count).map(Array.init) == Wire.magic else { throw .notAnIndex }
        guard let version = reader.uint16(), let streamCount = reader.uint16(), let bundleCount = reader.uint32(),
            let chunkCount = reader.uint32(), reader.skip(4)
        else { throw .wrongSize(expected: Wire.header, found: bytes.count) }
        guard version == Wire.version else { throw .newerFormat(version: version) }
        let counts = Counts(streams: Int(streamCount), bundles: Int(bundleCount), chunks: Int(chunkCount))
        try counts.check(size: bytes.count)
        let streams = try Self.readStreams(&reader, counts)
        let bundles = try Self.readBundles(&reader, counts)
        let chunks = try Self.readChunks(&reader, counts)
        try self.init(checking: streams, bundles: bundles, chunks: chunks)
        for stream in streams {
            let sum = chunks[stream.chunks].reduce(Int64(0)) { $0 + Int64($1.rawLength) }
            guard sum == stream.size else { throw .streamMismatch(stream.role) }
        }
    }

    /// The header's counts, held against the limits and the size before a table is allocated.
    private struct Counts {
        var streams: Int
        var bundles: Int
        var chunks: Int

        var size: Int {
            Wire.header + streams * Wire.stream + bundles * Wire.bundle + chunks * Wire.chunk
        }

        func check(size found: Int) throws(IndexError) {
            let most = StreamRole.allCases.count
            guard streams <= most else { throw .tooMany(.streams, count: streams, limit: most) }
            guard bundles <= maximumBundles else { throw .tooMany(.bundles, count: bundles, limit: maximumBundles) }
            guard chunks <= maximumChunks else { throw .tooMany(.chunks, count: chunks, limit: maximumChunks) }
            guard found == size else { throw .wrongSize(expected: size, found: found) }
        }
    }

    private static func readStreams(
        _ reader: inout LittleEndianReader, _ counts: Counts
    ) throws(IndexError) -> [Stream] {
        var streams: [Stream] = []
        var next = 0
        for _ in 0..<counts.streams {
            guard let code = reader.uint16(), reader.skip(2), let chunks = reader.uint32(), let size = reader.int64()
            else { throw .wrongSize(expected: counts.size, found: reader.position) }
            guard let role = StreamRole(code: code) else { throw .unknownRole(code) }
            // Both counts are below 2^32 and there are at most four streams, so the sum fits.
            let end = next + Int(chunks)
            guard end <= counts.chunks else { throw .streamMismatch(role) }
            streams.append(Stream(role: role, size: size, chunks: next..<end))
            next = end
        }
        if let last = streams.last, next != counts.chunks { throw .streamMismatch(last.role) }
        guard next == counts.chunks else { throw .tooMany(.chunks, count: counts.chunks, limit: 0) }
        return streams
    }

    private static func readBundles(
        _ reader: inout LittleEndianReader, _ counts: Counts
    ) throws(IndexError) -> [Bundle] {
        var bundles: [Bundle] = []
        bundles.reserveCapacity(counts.bundles)
        for _ in 0..<counts.bundles {
            guard let id = reader.digest(), let size = reader.uint32(), reader.skip(4) else {
                throw .wrongSize(expected: counts.size, found: reader.position)
            }
            bundles.append(Bundle(id: id, size: size))
        }
        return bundles
    }

    private static func readChunks(
        _ reader: inout LittleEndianReader, _ counts: Counts
    ) throws(IndexError) -> [ChunkEntry] {
        var chunks: [ChunkEntry] = []
        chunks.reserveCapacity(counts.chunks)
        for _ in 0..<counts.chunks {
            guard let id = reader.digest(), let stored = reader.uint32(), let raw = reader.uint32(),
                let bundle = reader.uint16(), let flags = reader.uint16(), let offset = reader.uint32()
            else { throw .wrongSize(expected: counts.size, found: reader.position) }
            chunks.append(
                ChunkEntry(
                    id: id, storedLength: stored, rawLength: raw, bundle: bundle, flags: flags, offset: offset))
        }
        return chunks
    }
}
