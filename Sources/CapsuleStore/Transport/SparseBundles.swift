internal import CapsuleFormat

/// Bundles of an imported generation: each chunk at the place that the signed index gives it, and holes where the
/// bundle had chunks of others, which take no room on disk.
struct SparseBundles {
    private let directory: String
    private let bundles: [CapsuleIndex.Bundle]
    private var open: [Int: OpenFile] = [:]
    /// Those with a chunk in them.
    private(set) var made: Set<Int> = []

    /// Most bundles that are open at once.
    private static let capacity = 64

    /// - Parameter directory: exists, on the file system of the bundle store.
    init(of index: CapsuleIndex, in directory: String) {
        self.directory = directory
        bundles = index.bundles
    }

    /// Writes one chunk to all its places.
    mutating func write(_ bytes: [UInt8], of chunk: DistinctChunks.Chunk) throws(StoreError) {
        for place in chunk.places { try write(bytes, bundle: place.bundle, offset: place.offset) }
    }

    mutating func write(_ bytes: [UInt8], bundle: Int, offset: UInt32) throws(StoreError) {
        guard bundles.indices.contains(bundle) else { return }
        try file(bundle).write(bytes.span.bytes, at: Int64(offset))
    }

    /// Makes them as the store has them, and waits until they are on stable storage.
    mutating func finish() throws(StoreError) {
        open.removeAll()
        for bundle in made {
            let file = try OpenFile.reading(path(bundle))
            try file.setPermissions(0o444)
            try file.sync()
        }
    }

    private mutating func file(_ bundle: Int) throws(StoreError) -> OpenFile {
        if let file = open[bundle] { return file }
        if open.count >= Self.capacity { open.removeAll() }
        let file: OpenFile
        if made.insert(bundle).inserted {
            file = try OpenFile.creating(path(bundle), permissions: 0o600)
            try file.extend(to: Int64(bundles[bundle].size))
        } else {
            file = try OpenFile.writing(path(bundle))
        }
        open[bundle] = file
        return file
    }

    private func path(_ bundle: Int) -> String { "\(directory)/\(bundles[bundle].id.hex)" }
}
