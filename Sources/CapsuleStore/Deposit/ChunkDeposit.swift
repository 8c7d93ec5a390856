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

    /// Bytes of a stream that are in memory at once.
    private static let windowSize = 16 << 20

    /// Cuts a file into chunks and stores those that are new.
    /// - Parameter progress: bytes of the file that are done, called for each 16 MiB.
    mutating func add(
        _ role: StreamRole, file path: String, progress: (Int64) -> Void
    ) throws(StoreError) -> CapsuleManifest.StreamSummary {
        let file = try OpenFile.reading(path)
        var whole = ContentHasher()
        var size: Int64 = 0
        var chunks: [Placed] = []
        var window = [UInt8](repeating: 0, count: Self.windowSize)
        var filled = 0
        var atEnd = false
        while true {
            while !atEnd, filled < window.count {
                let count = try file.read(into: &window, from: filled)
                filled += count
                atEnd = count == 0
            }
            if filled == 0 { break }
            let cuts = cuts(of: window, filled: filled, atEnd: atEnd)
            let used = cuts.last?.upperBound ?? 0
            let digests: [ContentDigest]
            (digests, whole) = Self.digests(of: cuts, in: window, whole)
            chunks += try place(digests, cuts, of: window)
            window.withUnsafeMutableBufferPointer { window in
                _ = window[..<(filled - used)].update(fromContentsOf: window[used..<filled])
            }
            filled -= used
            size += Int64(used)
            progress(size)
        }
        streams.append((role, chunks))
        return CapsuleManifest.StreamSummary(role: role, size: size, sha256: whole.finalize())
    }

    /// The chunks that the first `filled` bytes of a window hold whole.
    private func cuts(of window: [UInt8], filled: Int, atEnd: Bool) -> [Range<Int>] {
        var cuts: [Range<Int>] = []
        var start = 0
        while start < filled, atEnd || filled - start >= chunker.parameters.maximum {
            let length = chunker.firstChunkLength(window.span.extracting(start..<filled))
            cuts.append(start..<(start + length))
            start += length
        }
        return cuts
    }

    /// The digests of chunks, and the stream's with all of them: the chunks' on one thread, the stream's on another.
    private static func digests(
        of cuts: [Range<Int>], in window: [UInt8], _ whole: ContentHasher
    ) -> ([ContentDigest], ContentHasher) {
        Together.run {
            ContentDigest.hashing(cuts, of: window.span)
        } and: {
            var whole = whole
            whole.update(window.span.extracting(0..<(cuts.last?.upperBound ?? 0)).bytes)
            return whole
        }
    }

    /// Where the chunks of a window are; those that are nowhere yet are stored.
    private mutating func place(
        _ digests: [ContentDigest], _ cuts: [Range<Int>], of window: [UInt8]
    ) throws(StoreError) -> [Placed] {
        var new: [ContentDigest: Range<Int>] = [:]
        var order: [ContentDigest] = []
        for (id, cut) in zip(digests, cuts) where fresh[id] == nil && new[id] == nil {
            if catalogue.find(id)?.length == UInt32(truncatingIfNeeded: cut.count) { continue }
            new[id] = cut
            order.append(id)
        }
        let places = try writer.append(order.compactMap { new[$0] }, of: window)
        for (id, place) in zip(order, places) { fresh[id] = place }
        for cut in new.values { newBytes += Int64(cut.count) }
        knownBytes += cuts.reduce(0) { $0 + Int64($1.count) } - new.values.reduce(0) { $0 + Int64($1.count) }
        return zip(digests, cuts).compactMap { id, cut in
            let length = UInt32(truncatingIfNeeded: cut.count)
            if let place = fresh[id] {
                return Placed(id: id, length: length, offset: place.offset, bundle: .fresh(place.bundle))
            }
            guard let found = catalogue.find(id) else { return nil }
            return Placed(id: id, length: length, offset: found.offset, bundle: .shared(share(found.bundle)))
        }
    }

    /// The number of an earlier build's bundle among those that this generation shares.
    private mutating func share(_ bundle: CapsuleIndex.Bundle) -> Int {
        if let ordinal = sharedOrdinals[bundle.id] { return ordinal }
        shared.append(bundle)
        sharedOrdinals[bundle.id] = shared.count - 1
        return shared.count - 1
    }

    /// Closes the last bundle.
    /// - Returns: the index, and the bundles that are to be moved into the store before it is published.
    mutating func finish() throws(StoreError) -> (index: CapsuleIndex, newBundles: [CapsuleIndex.Bundle]) {
        try writer.finish()
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
