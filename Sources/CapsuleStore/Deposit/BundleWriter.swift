internal import CapsuleFormat

/// Appends chunks to bundles of about `targetSize` bytes in a private directory, each named by the SHA-256 of its
/// content when it is full.
struct BundleWriter {
    /// Where a bundle ends, in bytes: one range request brings it whole, and thousands of them fit a directory.
    static let targetSize = 16 << 20

    private let directory: String
    private var open: Open?
    private let syncing = FileSyncing()
    /// Those that are closed, in the order of their beginnings.
    private(set) var finished: [CapsuleIndex.Bundle] = []

    private struct Open {
        var file: OpenFile
        var hasher = ContentHasher()
        var size: UInt32 = 0
    }

    /// - Parameter directory: exists, on the file system of the bundle store.
    init(directory: String) {
        self.directory = directory
    }

    /// Where a chunk went: into the bundle that will be number `bundle` of `finished`.
    struct Place: Hashable {
        var bundle: Int
        var offset: UInt32
    }

    /// Appends chunks, in their order.
    /// - Parameter chunks: their places in `bytes`.
    mutating func append(_ chunks: [Range<Int>], of bytes: [UInt8]) throws(StoreError) -> [Place] {
        var places: [Place] = []
        var pending: [Range<Int>] = []
        var size = Int(open?.size ?? 0)
        for chunk in chunks {
            if size > 0, size + chunk.count > Self.targetSize {
                try write(pending, of: bytes)
                try close()
                pending = []
                size = 0
            }
            places.append(Place(bundle: finished.count, offset: UInt32(truncatingIfNeeded: size)))
            pending.append(chunk)
            size += chunk.count
        }
        try write(pending, of: bytes)
        return places
    }

    /// Appends chunks to the bundle that is open, or to a new one: written on one thread, hashed on another.
    private mutating func write(_ chunks: [Range<Int>], of bytes: [UInt8]) throws(StoreError) {
        guard !chunks.isEmpty else { return }
        if open == nil { open = Open(file: try OpenFile.creating(partialPath, permissions: 0o444)) }
        guard var current = open else { return }
        let (file, hasher) = (current.file.descriptor, current.hasher)
        let path = partialPath
        let (written, hashed) = Together.run { () -> Result<Void, StoreError> in
            Result { () throws(StoreError) in
                for chunk in chunks {
                    try OpenFile.write(bytes.span.extracting(chunk).bytes, to: file, path)
                }
            }
        } and: {
            var hasher = hasher
            for chunk in chunks { hasher.update(bytes.span.extracting(chunk).bytes) }
            return hasher
        }
        try written.get()
        current.hasher = hashed
        current.size += UInt32(truncatingIfNeeded: chunks.reduce(0) { $0 + $1.count })
        open = current
    }

    /// Closes the bundle that is open. It is on stable storage once `finish` has returned.
    mutating func close() throws(StoreError) {
        guard let last = open else { return }
        open = nil
        let bundle = CapsuleIndex.Bundle(id: last.hasher.finalize(), size: last.size)
        let path = "\(directory)/\(bundle.id.hex)"
        try DurableFiles.rename(partialPath, to: path)
        syncing.sync(path)
        finished.append(bundle)
    }

    /// Closes the last bundle and waits until all are on stable storage.
    mutating func finish() throws(StoreError) {
        try close()
        try syncing.wait()
    }

    private var partialPath: String { "\(directory)/partial" }
}
