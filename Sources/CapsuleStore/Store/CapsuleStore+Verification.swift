public import CapsuleFormat

/// What a look at every byte of a generation found.
public struct Verification: Hashable, Sendable {
    /// Chunks that were hashed.
    public var chunks = 0
    /// Their stored bytes.
    public var bytes: Int64 = 0
    /// What is not as it should be, in words that name the file; at most `maximumFaults` of them.
    public var faults: [String] = []

    public static let maximumFaults = 100

    public var isWhole: Bool { faults.isEmpty }

    mutating func add(_ fault: String) {
        if faults.count < Self.maximumFaults { faults.append(fault) }
    }
}

extension CapsuleStore {
    /// Hashes every chunk of a generation where it lies, and every stream as a whole.
    /// - Parameter progress: bytes that are done, and all.
    /// - Throws: `StoreError` where its manifest or its index does not verify; what is wrong with chunks is in the result.
    public func verify(
        _ generation: CapsuleGeneration, progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(StoreError) -> Verification {
        let manifest = try manifest(of: generation)
        let index = try index(of: generation, pinnedBy: manifest)
        let total = index.streams.reduce(Int64(0)) { $0 + $1.size }
        var stored = StoredChunks(of: index, in: layout)
        var verification = Verification()
        for bundle in index.bundles {
            // One that is too short shows by the chunks that it lacks.
            let size = DurableFiles.status(layout.bundle(bundle.id))?.size ?? 0
            if size > Int64(bundle.size) {
                verification.add("\(layout.bundle(bundle.id)) has \(size) bytes, the index says \(bundle.size)")
            }
        }
        for stream in index.streams {
            var whole = ContentHasher()
            var isWhole = true
            for chunk in index.chunks[stream.chunks] {
                do {
                    let bytes = try stored.read(
                        chunk.id, length: chunk.storedLength, bundle: Int(chunk.bundle), offset: chunk.offset)
                    whole.update(bytes)
                } catch {
                    verification.add("\(error)")
                    isWhole = false
                }
                verification.chunks += 1
                verification.bytes += Int64(chunk.storedLength)
                progress(verification.bytes, total)
            }
            if isWhole, whole.finalize() != manifest.stream(stream.role)?.sha256 {
                verification.add("stream \(stream.role.rawValue) has another SHA-256 than its manifest says")
            }
        }
        return verification
    }

    /// The index of a generation, if it is the one that its manifest pins.
    /// - Throws: `.damaged`, `.system`.
    func index(
        of generation: CapsuleGeneration, pinnedBy manifest: CapsuleManifest
    ) throws(StoreError) -> CapsuleIndex {
        let path = indexPath(of: generation)
        do {
            return try CapsuleIndex(
                try DurableFiles.read(path, limit: CapsuleIndex.maximumSize), pinnedBy: manifest)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }
}
