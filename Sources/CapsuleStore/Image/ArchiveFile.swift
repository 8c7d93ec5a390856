internal import CapsuleFormat
internal import Glibc

/// A tar archive as a file, which its first bytes say how it is compressed (RFC 1952, RFC 8878 and the xz format).
struct ArchiveFile {
    let path: String

    /// What the caller is told: bytes that are done, and all.
    typealias Progress = (Int64, Int64) -> Void

    private enum Compression {
        case none, known
        case unsupported(String)

        init(_ magic: [UInt8]) {
            let known: [[UInt8]] = [
                [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x04, 0x22, 0x4D, 0x18],
            ]
            if known.contains(where: { magic.starts(with: $0) }) {
                self = .known
            } else if magic.starts(with: Array("BZh".utf8)) {
                self = .unsupported("bzip2")
            } else {
                self = .none
            }
        }
    }

    /// The archive, uncompressed: the file itself, or one that is written to `scratch`.
    /// - Throws: `.badSource`, `.programFailed`.
    static func plain(_ path: String, scratch: String) async throws -> ArchiveFile {
        switch Compression(try OpenFile.following(path).read(8, at: 0)) {
        case .none: return ArchiveFile(path: path)
        case .unsupported(let kind):
            throw CapsuleBuildError.badSource(
                path: path, reason: "it is compressed with \(kind); gzip, xz, zstd and lz4 can be read")
        case .known:
            // It reads what gzip, xz and lz4 write as well, and refuses bytes behind the end.
            try await Program.zstd.run(["-d", "-q", "-f", "-o", scratch, "--", Program.operand(path)])
            return ArchiveFile(path: scratch)
        }
    }

    /// Writes the archive's entries.
    /// - Returns: SHA-256 of the archive.
    /// - Throws: `TarError`, `StoreError`, `CancellationError`.
    func unpack(into writer: TreeWriter, progress: Progress) throws -> ContentDigest {
        let file = try OpenFile.following(path)
        let total = file.size
        var reader = TarReader()
        var hasher = ContentHasher()
        var piece: [UInt8] = []
        var done: Int64 = 0
        while try file.read(1 << 20, into: &piece) > 0 {
            try Task.checkCancellation()
            hasher.update(piece)
            for event in try reader.receive(piece) { try writer.take(event) }
            done += Int64(piece.count)
            progress(done, total)
            piece.removeAll(keepingCapacity: true)
        }
        try reader.finish()
        return hasher.finalize()
    }

    /// SHA-256 and size of a file.
    static func pin(_ file: OpenFile) throws -> ContainerImage.Pin {
        var hasher = ContentHasher()
        var size: Int64 = 0
        var piece: [UInt8] = []
        while try file.read(1 << 20, into: &piece) > 0 {
            hasher.update(piece)
            size += Int64(piece.count)
            piece.removeAll(keepingCapacity: true)
        }
        return ContainerImage.Pin(digest: hasher.finalize(), size: size)
    }
}
