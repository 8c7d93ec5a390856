internal import CapsuleFormat

/// Reads chunks out of bundles, the last few of which stay open.
struct StoredChunks {
    private let layout: StoreLayout
    private let bundles: [CapsuleIndex.Bundle]
    private var open: [Int: OpenFile] = [:]

    /// Most bundles that are open at once.
    private static let capacity = 64

    init(of index: CapsuleIndex, in layout: StoreLayout) {
        self.layout = layout
        bundles = index.bundles
    }

    /// The stored bytes of a chunk, verified.
    /// - Throws: `.damaged` where the bundle has others, or ends before them; `.system` where there is none.
    mutating func read(
        _ id: ContentDigest, length: UInt32, bundle: Int, offset: UInt32
    ) throws(StoreError) -> [UInt8] {
        guard bundles.indices.contains(bundle) else {
            throw .damaged(path: layout.bundles, reason: "the index names no bundle \(bundle)")
        }
        let path = layout.bundle(bundles[bundle].id)
        let bytes = try file(bundle, path).read(Int(length), at: Int64(offset))
        guard bytes.count == Int(length), ContentDigest(hashing: bytes) == id else {
            throw .damaged(path: path, reason: "chunk \(id) is not at byte \(offset)")
        }
        return bytes
    }

    private mutating func file(_ bundle: Int, _ path: String) throws(StoreError) -> OpenFile {
        if let file = open[bundle] { return file }
        if open.count >= Self.capacity { open.removeAll() }
        let file = try OpenFile.reading(path)
        open[bundle] = file
        return file
    }
}
