internal import CapsuleFormat

/// Appends chunks to bundles of about `targetSize` bytes in a private directory, each named by the SHA-256 of its
/// content when it is full.
struct BundleWriter {
    /// Where a bundle ends, in bytes: one range request brings it whole, and thousands of them fit a directory.
    static let targetSize = 16 << 20

    private let directory: String
    private var open: Open?
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

    mutating func append(_ chunk: RawSpan) throws(StoreError) -> Place {
        if let size = open?.size, Int(size) + chunk.byteCount > Self.targetSize { try close() }
        var current: Open
        if let open {
            current = open
        } else {
            current = Open(file: try OpenFile.creating(partialPath, permissions: 0o444))
        }
        let place = Place(bundle: finished.count, offset: current.size)
        try current.file.write(chunk)
        current.hasher.update(chunk)
        current.size += UInt32(truncatingIfNeeded: chunk.byteCount)
        open = current
        return place
    }

    /// Closes the bundle that is open, and syncs it.
    mutating func close() throws(StoreError) {
        guard let last = open else { return }
        open = nil
        try last.file.sync()
        let bundle = CapsuleIndex.Bundle(id: last.hasher.finalize(), size: last.size)
        try DurableFiles.move(partialPath, to: "\(directory)/\(bundle.id.hex)")
        finished.append(bundle)
    }

    private var partialPath: String { "\(directory)/partial" }
}
