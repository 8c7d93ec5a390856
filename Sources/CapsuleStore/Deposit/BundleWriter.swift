internal import CapsuleFormat

/// Puts chunks into bundles of about `targetSize` bytes in a private directory.
///
/// What goes where is decided first and written later, possibly on another thread: `place`, then `write`. A bundle's
/// name follows from its chunks' names, so that no byte is hashed for it once more.
struct BundleWriter: Sendable {
    /// Where a bundle ends, in bytes: one range request brings it whole, and thousands of them fit a directory.
    static let targetSize = 16 << 20

    /// Where a chunk goes: into the bundle that will be number `bundle` of `finished`.
    struct Place: Hashable {
        var bundle: Int
        var offset: UInt32
    }

    /// What one bundle gets of a window.
    struct Portion: Sendable {
        /// The bundle's number.
        fileprivate var number: Int
        fileprivate var chunks: [Range<Int>] = []
        /// The bundle, if this is its end.
        fileprivate var closing: CapsuleIndex.Bundle?
    }

    private let directory: String
    private let syncing = FileSyncing()
    private var name = BundleName()
    private var size = 0
    /// Those that have all their chunks, in the order of their beginnings.
    private(set) var finished: [CapsuleIndex.Bundle] = []

    /// - Parameter directory: exists, on the file system of the bundle store.
    init(directory: String) {
        self.directory = directory
    }

    // MARK: - What goes where

    /// Places chunks in their order.
    /// - Returns: their places, and what `write` is to be given.
    mutating func place(_ chunks: [(id: ContentDigest, cut: Range<Int>)]) -> ([Place], [Portion]) {
        var places: [Place] = []
        var portions: [Portion] = []
        var portion = Portion(number: finished.count)
        for chunk in chunks {
            if size > 0, size + chunk.cut.count > Self.targetSize {
                portion.closing = close()
                portions.append(portion)
                portion = Portion(number: finished.count)
            }
            places.append(Place(bundle: finished.count, offset: UInt32(truncatingIfNeeded: size)))
            name.append(chunk.id, length: chunk.cut.count)
            portion.chunks.append(chunk.cut)
            size += chunk.cut.count
        }
        if !portion.chunks.isEmpty { portions.append(portion) }
        return (places, portions)
    }

    private mutating func close() -> CapsuleIndex.Bundle {
        let bundle = CapsuleIndex.Bundle(id: name.digest, size: UInt32(truncatingIfNeeded: size))
        finished.append(bundle)
        name = BundleName()
        size = 0
        return bundle
    }

    // MARK: - Files

    /// Writes what `place` decided, in the same order.
    /// - Parameter bytes: those that the chunks' ranges are of.
    func write(_ portions: [Portion], of bytes: [UInt8]) throws(StoreError) {
        for portion in portions {
            let path = partialPath(portion.number)
            let file = try OpenFile.appending(path, permissions: 0o444)
            // Chunks that follow one another go out with one call.
            for run in portion.chunks.joined() { try file.write(bytes.span.extracting(run).bytes) }
            if let bundle = portion.closing { try publish(path, as: bundle) }
        }
    }

    /// Closes the last bundle and waits until all are on stable storage.
    mutating func finish() throws(StoreError) {
        if size > 0 {
            let path = partialPath(finished.count)
            try publish(path, as: close())
        }
        try syncing.wait()
    }

    private func publish(_ partial: String, as bundle: CapsuleIndex.Bundle) throws(StoreError) {
        let path = "\(directory)/\(bundle.id.hex)"
        try DurableFiles.rename(partial, to: path)
        syncing.sync(path)
    }

    private func partialPath(_ number: Int) -> String { "\(directory)/partial-\(number)" }
}

/// The id of a bundle that is built here: SHA-256 of a mark and of its chunks' ids and lengths in their order, which
/// name every byte of it.
private struct BundleName {
    private static let mark = Array("perseid bundle 1\0".utf8)
    private var hasher = ContentHasher()

    init() {
        hasher.update(Self.mark)
    }

    mutating func append(_ chunk: ContentDigest, length: Int) {
        var writer = LittleEndianWriter()
        writer.append(chunk.bytes)
        writer.append(UInt32(truncatingIfNeeded: length))
        hasher.update(writer.bytes)
    }

    var digest: ContentDigest { hasher.finalize() }
}

extension [Range<Int>] {
    /// The same places, with one range for those that follow one another.
    fileprivate func joined() -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for range in self {
            if let last = runs.last, last.upperBound == range.lowerBound {
                runs[runs.count - 1] = last.lowerBound..<range.upperBound
            } else {
                runs.append(range)
            }
        }
        return runs
    }
}
