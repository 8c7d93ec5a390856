internal import CapsuleFormat
internal import Glibc

/// The files of an image on disk: an image layout directory, or an archive that was unpacked. Links are followed, within
/// the directory only (`docker save` links layers that several images share).
struct ImageFiles {
    let directory: String

    /// Nil where there is no such file.
    func open(_ name: String) throws -> OpenFile? {
        guard let path = try? TreePath(Array(name.utf8)) else {
            throw ImageError.malformed(path: PrintableName.text(Array(name.utf8)), reason: "a name that leads outside")
        }
        var name = path
        // The last component may be a link as well.
        for _ in 0..<40 {
            guard let last = name.last else { return nil }
            var walk = try TreeWalk(directory, followingLinks: true)
            guard let parent = try? walk.directory(name.parent), let status = parent.status(last) else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFREG: return try parent.openFile(last)
            case S_IFLNK:
                guard let target = parent.linkTarget(last), let next = Self.resolve(target, from: walk.place) else {
                    return nil
                }
                name = next
            default: return nil
            }
        }
        return nil
    }

    /// Where a link leads, as a name in the directory; nil where it leads outside.
    private static func resolve(_ target: [UInt8], from place: TreePath) -> TreePath? {
        var components = target.first == 0x2F ? [] : place.components
        for part in target.split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            if part.elementsEqual([0x2E, 0x2E]) {
                guard components.popLast() != nil else { return nil }
            } else {
                components.append(Array(part))
            }
        }
        return try? TreePath(Array(components.joined(separator: [0x2F])))
    }

    func exists(_ name: String) -> Bool { (try? open(name)).flatMap { $0 } != nil }

    /// A whole document.
    /// - Throws: `.notAnImage` where it is missing, `.malformed` where it is too long.
    func document(_ name: String) throws -> [UInt8] {
        guard let file = try open(name) else {
            throw ImageError.notAnImage(path: directory, reason: "it has no file \(name)")
        }
        var bytes: [UInt8] = []
        while try file.read(1 << 16, into: &bytes) > 0 {
            guard bytes.count <= ImageDocument.maximumSize else {
                throw ImageError.malformed(path: name, reason: "it is longer than any document")
            }
        }
        return bytes
    }

    /// A document that a descriptor names, verified.
    func blob(_ descriptor: ImageDocument.Descriptor, in path: String) throws -> [UInt8] {
        let (digest, size) = try descriptor.pinned(in: path)
        let name = Self.blobName(digest)
        let bytes = try document(name)
        guard bytes.count == Int(clamping: size) else {
            throw ImageError.wrongBlob(path: name, reason: "it has \(bytes.count) bytes, \(path) says \(size)")
        }
        guard ContentDigest(hashing: bytes) == digest else {
            throw ImageError.wrongBlob(path: name, reason: "its SHA-256 is another one than its name")
        }
        return bytes
    }

    static func blobName(_ digest: ContentDigest) -> String { "blobs/sha256/\(digest.hex)" }
}
