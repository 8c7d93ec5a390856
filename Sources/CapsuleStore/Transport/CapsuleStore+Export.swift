public import CapsuleFormat
internal import Glibc

extension CapsuleStore {
    /// Writes a generation as one `.capsule` file; see `CapsuleFileHeader`. Every chunk is verified on its way.
    /// - Parameters:
    ///   - path: a file that is not there yet. It appears when it is complete.
    ///   - progress: bytes that are written, and all.
    /// - Returns: the file's size in bytes.
    /// - Throws: `StoreError`, `.system` with `EEXIST` where the file is there.
    @discardableResult
    public func export(
        _ generation: CapsuleGeneration, to path: String, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(StoreError) -> Int64 {
        guard DurableFiles.status(path) == nil else {
            throw .system(action: "create", path: path, errno: EEXIST)
        }
        let manifest = try manifest(of: generation)
        let index = try index(of: generation, pinnedBy: manifest)
        let signed = try DurableFiles.read(manifestPath(of: generation), limit: SignedManifest.maximumSize)
        let fresh = "\(DurableFiles.parent(of: path))/.\(DurableFiles.name(of: path)).\(getpid())"
        do throws(StoreError) {
            let size = try write(signed, index, to: fresh, of: generation, progress)
            // A link fails where a rename would replace what somebody put there meanwhile.
            guard link(fresh, path) == 0 else { throw StoreError.lastCall("create", path) }
            try DurableFiles.remove(fresh)
            try DurableFiles.sync(directory: DurableFiles.parent(of: path))
            return size
        } catch {
            try? DurableFiles.remove(fresh)
            throw error
        }
    }

    private func write(
        _ signed: [UInt8], _ index: CapsuleIndex, to path: String, of generation: CapsuleGeneration,
        _ progress: (Int64, Int64) -> Void
    ) throws(StoreError) -> Int64 {
        let encoded = index.encoded()
        let header: CapsuleFileHeader
        let distinct: DistinctChunks
        do {
            header = try CapsuleFileHeader(manifestLength: signed.count, indexLength: encoded.count)
            distinct = try DistinctChunks(of: index)
        } catch {
            throw .damaged(path: indexPath(of: generation), reason: "\(error)")
        }
        try DurableFiles.remove(path)
        let file = try OpenFile.creating(path, permissions: 0o644)
        let head = header.encoded() + signed + encoded
        try file.write(head.span.bytes)
        var stored = StoredChunks(of: index, in: layout)
        var written = Int64(head.count)
        let total = written + distinct.size
        for chunk in distinct.chunks {
            guard let place = chunk.places.first else { continue }
            let bytes = try stored.read(
                chunk.id, length: chunk.length, bundle: place.bundle, offset: place.offset)
            try file.write(bytes.span.bytes)
            written += Int64(bytes.count)
            progress(written, total)
        }
        try file.sync()
        return written
    }
}
