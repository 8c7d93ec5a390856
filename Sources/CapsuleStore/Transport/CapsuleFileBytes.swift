internal import CapsuleFormat

/// A `.capsule` file on disk under a `CapsuleFileReader`.
struct CapsuleFileBytes {
    private let file: OpenFile
    private var reader: CapsuleFileReader

    struct Head {
        var manifest: CapsuleManifest
        var signed: [UInt8]
    }

    /// - Parameter now: seconds since 1970.
    init(_ path: String, trusting keys: TrustedKeys, now: Int64) throws(StoreError) {
        file = try OpenFile.following(path)
        reader = CapsuleFileReader(trusting: keys, now: now)
    }

    /// Reads up to the signed manifest.
    mutating func readManifest() throws -> Head {
        while true {
            if case .manifest(let manifest, let signed) = try next().part {
                return Head(manifest: manifest, signed: signed)
            }
        }
    }

    /// Reads the index, which comes after the manifest.
    mutating func readIndex() throws -> CapsuleIndex {
        guard case .index(let index, _) = try next().part else {
            throw CapsuleFileError.contradiction("no index follows the manifest")
        }
        return index
    }

    /// Reads all chunks, and looks whether the file ends there.
    /// - Parameter body: the chunk, its verified bytes, how far in the file that is, and the file's length.
    mutating func readChunks(
        _ body: (DistinctChunks.Chunk, [UInt8], Int64, Int64) throws(StoreError) -> Void
    ) throws {
        while !reader.isComplete {
            let (part, bytes) = try next()
            guard case .chunk(let chunk) = part else { continue }
            try body(chunk, bytes, reader.position, reader.size ?? 0)
        }
        var more: [UInt8] = []
        guard try file.read(1, into: &more) == 0 else {
            throw CapsuleFileError.trailingBytes(after: reader.position)
        }
    }

    private mutating func next() throws -> (part: CapsuleFileReader.Part, bytes: [UInt8]) {
        let wanted = reader.wanted
        var bytes: [UInt8] = []
        while bytes.count < wanted {
            if try file.read(wanted - bytes.count, into: &bytes) == 0 { break }
        }
        return (try reader.accept(bytes), bytes)
    }
}
