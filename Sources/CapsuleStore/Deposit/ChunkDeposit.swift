internal import CapsuleFormat

/// Takes the streams of one generation, stores the chunks that are new, and lists them all in an index.
struct ChunkDeposit {
    private let chunker: Chunker
    private let catalogue: ChunkCatalogue
    private var writer: BundleWriter
    private var streams: [(role: StreamRole, chunks: [Placed])] = []
    /// Chunks that this build stored.
    private var fresh: [ContentDigest: BundleWriter.Place] = [:]
    /// Bundles of earlier builds that this generation shares, in the order of their first use.
    private var shared: [CapsuleIndex.Bundle] = []
    private var sharedOrdinals: [ContentDigest: Int] = [:]

    /// Bytes that were written to new bundles.
    private(set) var newBytes: Int64 = 0
    /// Bytes that were there already, in the store or earlier in this build.
    private(set) var knownBytes: Int64 = 0

    /// A chunk, and its bundle before the table is complete.
    private struct Placed {
        enum Where {
            case fresh(Int)
            case shared(Int)
        }

        var id: ContentDigest
        var length: UInt32
        var offset: UInt32
        var bundle: Where
    }

    /// - Parameter directory: where new bundles are written.
    init(catalogue: ChunkCatalogue, directory: String, chunker: Chunker = Chunker()) {
        self.catalogue = catalogue
        self.chunker = chunker
        writer = BundleWriter(directory: directory)
    }

    /// Cuts a file into chunks and stores those that are new.
    /// - Parameter progress: bytes of the file that are done, called for each chunk.
    mutating func add(
        _ role: StreamRole, file path: String, progress: (Int64) -> Void
    ) throws(StoreError) -> CapsuleManifest.StreamSummary {
        let file = try OpenFile.reading(path)
        var whole = ContentHasher()
        var size: Int64 = 0
        var chunks: [Placed] = []
        var window: [UInt8] = []
        var atEnd = false
        while true {
            while !atEnd, window.count < chunker.parameters.maximum {
                atEnd = try file.read(4 << 20, into: &window) == 0
            }
            if window.isEmpty { break }
            var start = 0
            while start < window.count, atEnd || window.count - start >= chunker.parameters.maximum {
                let length = chunker.firstChunkLength(window.span.extracting(start..<window.count))
                let bytes = window.span.extracting(start..<(start + length)).bytes
                whole.update(bytes)
                chunks.append(try place(bytes))
                start += length
                size += Int64(length)
                progress(size)
            }
            window.removeFirst(start)
        }
        streams.append((role, chunks))
        return CapsuleManifest.StreamSummary(role: role, size: size, sha256: whole.finalize())
    }

    private mutating func place(_ bytes: RawSpan) throws(StoreError) -> Placed {
        let id = ContentDigest(hashing: bytes)
        let length = UInt32(truncatingIfNeeded: bytes.byteCount)
        if let place = fresh[id] {
            knownBytes += Int64(length)
            return Placed(id: id, length: length, offset: place.offset, bundle: .fresh(place.bundle))
        }
        if let found = catalogue.find(id), found.length == length {
            knownBytes += Int64(length)
            let ordinal = sharedOrdinals[found.bundle.id] ?? shared.count
            if ordinal == shared.count { shared.append(found.bundle) }
            sharedOrdinals[found.bundle.id] = ordinal
            return Placed(id: id, length: length, offset: found.offset, bundle: .shared(ordinal))
        }
        let place = try writer.append(bytes)
        fresh[id] = place
        newBytes += Int64(length)
        return Placed(id: id, length: length, offset: place.offset, bundle: .fresh(place.bundle))
    }

    /// Closes the last bundle.
    /// - Returns: the index, and the bundles that are to be moved into the store before it is published.
    mutating func finish() throws(StoreError) -> (index: CapsuleIndex, newBundles: [CapsuleIndex.Bundle]) {
        try writer.close()
        let sharedCount = shared.count
        let entries = streams.map { stream in
            (
                role: stream.role,
                chunks: stream.chunks.map { chunk in
                    let ordinal =
                        switch chunk.bundle {
                        case .shared(let position): position
                        case .fresh(let position): sharedCount + position
                        }
                    return ChunkEntry(
                        id: chunk.id, storedLength: chunk.length, rawLength: chunk.length,
                        bundle: UInt16(clamping: ordinal), offset: chunk.offset)
                }
            )
        }
        do {
            return (try CapsuleIndex(streams: entries, bundles: shared + writer.finished), writer.finished)
        } catch {
            throw .index(error)
        }
    }
}
