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
    ///
    /// While one window is hashed on one thread, the one before is written and the next one read and cut on another,
    /// which has less to do, and so hashes a part of the chunks.
    /// - Parameter progress: bytes of the file that are done, called for each window.
    mutating func add(
        _ role: StreamRole, file path: String, progress: (Int64) -> Void
    ) throws(StoreError) -> CapsuleManifest.StreamSummary {
        let windows = try StreamWindows(path, chunker: chunker)
        var whole = StreamHasher()
        var size: Int64 = 0
        var chunks: [Placed] = []
        var current = try windows.next(after: nil)
        var unwritten: Unwritten?
        while let window = current {
            let shared = window.cuts.suffix(window.cuts.count / Self.share)
            let (next, hashed) = Together.run { [unwritten, writer] in
                let next = Result { () throws(StoreError) -> StreamWindows.Window? in
                    if let unwritten { try writer.write(unwritten.portions, of: unwritten.window.bytes) }
                    return try windows.next(after: window)
                }
                return (window: next, digests: ContentDigest.hashing(Array(shared), of: window.bytes.span))
            } and: { [whole] in
                Self.hash(window, whole, but: shared.count)
            }
            if let done = unwritten.take() { windows.recycle(done.window) }
            current = try next.window.get()
            whole = hashed.whole
            let (placed, portions) = place(hashed.digests + next.digests, window.cuts)
            chunks += placed
            unwritten = Unwritten(window: window, portions: portions)
            size += Int64(window.size)
            progress(size)
        }
        if let unwritten { try writer.write(unwritten.portions, of: unwritten.window.bytes) }
        streams.append((role, chunks))
        return CapsuleManifest.StreamSummary(role: role, size: size, sha256: whole.finalize())
    }

    /// A window whose new chunks have their places and are in no file yet.
    private struct Unwritten: Sendable {
        var window: StreamWindows.Window
        var portions: [BundleWriter.Portion]
    }

    /// One chunk in so many is hashed by the thread that reads, cuts and writes.
    private static let share = 3

    /// The digests of a window's chunks but the last `others`, and the stream's with all of them.
    private static func hash(
        _ window: StreamWindows.Window, _ whole: StreamHasher, but others: Int
    ) -> (digests: [ContentDigest], whole: StreamHasher) {
        var whole = whole
        let digests = whole.update(
            window.bytes.span.extracting(0..<window.size), hashing: window.cuts.dropLast(others))
        return (digests, whole)
    }

    /// Where the chunks of a window are, and what is to be written of it: those that are nowhere yet.
    private mutating func place(
        _ digests: [ContentDigest], _ cuts: [Range<Int>]
    ) -> ([Placed], [BundleWriter.Portion]) {
        var new: [ContentDigest: Range<Int>] = [:]
        var order: [(id: ContentDigest, cut: Range<Int>)] = []
        for (id, cut) in zip(digests, cuts) where fresh[id] == nil && new[id] == nil {
            if catalogue.find(id)?.length == UInt32(truncatingIfNeeded: cut.count) { continue }
            new[id] = cut
            order.append((id, cut))
        }
        let (places, portions) = writer.place(order)
        for (chunk, place) in zip(order, places) { fresh[chunk.id] = place }
        for cut in new.values { newBytes += Int64(cut.count) }
        knownBytes += cuts.reduce(0) { $0 + Int64($1.count) } - new.values.reduce(0) { $0 + Int64($1.count) }
        let placed = zip(digests, cuts).compactMap { id, cut -> Placed? in
            let length = UInt32(truncatingIfNeeded: cut.count)
            if let place = fresh[id] {
                return Placed(id: id, length: length, offset: place.offset, bundle: .fresh(place.bundle))
            }
            guard let found = catalogue.find(id) else { return nil }
            return Placed(id: id, length: length, offset: found.offset, bundle: .shared(share(found.bundle)))
        }
        return (placed, portions)
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
