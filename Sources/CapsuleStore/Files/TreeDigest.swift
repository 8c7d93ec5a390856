internal import CapsuleFormat
internal import Glibc

/// What a directory holds, as one digest: the names, kinds, permissions and contents of all below it. Owners and times
/// are left out, since nothing that is made from such a tree keeps them.
enum TreeDigest {
    /// - Parameter leftOut: names directly below `directory` that are passed over.
    /// - Throws: `StoreError.system`.
    static func of(_ directory: String, except leftOut: Set<String> = []) throws(StoreError) -> ContentDigest {
        var hasher = ContentHasher()
        for entry in try DurableFiles.walk(directory) {
            if let top = entry.split(separator: "/").first, leftOut.contains(String(top)) { continue }
            let path = "\(directory)/\(entry)"
            guard let status = DurableFiles.status(path) else { continue }
            let (kind, contents) =
                switch status.kind {
                case .file: ("file", try ofFile(path).hex)
                case .directory: ("directory", "")
                case .link: ("link", try DurableFiles.target(ofLink: path))
                case .other: ("other", "")
                }
            // No name has a zero byte in it, so that no two trees read alike.
            hasher.update(Array("\(kind)\0\(status.permissions)\0\(entry)\0\(contents)\0".utf8))
        }
        return hasher.finalize()
    }

    /// SHA-256 of one file.
    /// - Throws: `StoreError.system`.
    static func ofFile(_ path: String) throws(StoreError) -> ContentDigest {
        let file = try OpenFile.reading(path)
        var hasher = ContentHasher()
        var buffer: [UInt8] = []
        while try file.read(1 << 20, into: &buffer) > 0 {
            hasher.update(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        return hasher.finalize()
    }
}
