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
        fileprivate var chunks: [Range<Int>] = []
        /// The bundle, if this is its end.
        fileprivate var closing: CapsuleIndex.Bundle?
    }

    private let files: BundleFiles
    private var name = BundleName()
    private var size = 0
    /// Those that have all their chunks, in the order of their beginnings.
    private(set) var finished: [CapsuleIndex.Bundle] = []

    /// - Parameter directory: exists, on the file system of the bundle store.
    init(directory: String) {
        files = BundleFiles(directory: directory)
    }

    // MARK: - What goes where

    /// Places chunks in their order.
    /// - Returns: their places, and what `write` is to be given.
    mutating func place(_ chunks: [(id: ContentDigest, cut: Range<Int>)]) -> ([Place], [Portion]) {
        var places: [Place] = []
        var portions: [Portion] = []
        var portion = Portion()
        for chunk in chunks {
            if size > 0, size + chunk.cut.count > Self.targetSize {
                portion.closing = close()
                portions.append(portion)
                portion = Portion()
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
            for run in portion.chunks { try files.append(bytes.span.extracting(run)) }
            if let bundle = portion.closing { files.close(as: bundle) }
        }
    }

    /// Closes the last bundle and waits until all are on stable storage.
    mutating func finish() throws(StoreError) {
        if size > 0 { files.close(as: close()) }
        try files.finish()
    }
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
