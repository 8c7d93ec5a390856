internal import CapsuleFormat
internal import Glibc

/// Makes a root out of a container image: verifies every blob, then applies the layers one over the other (OCI
/// image-spec 1.1, layer.md).
struct ImageRoot {
    enum Place {
        /// An image layout.
        case directory(String)
        /// A tar file of one, or of `docker save`, and its name for errors.
        case archive(ArchiveFile, file: String)
    }

    let place: Place
    /// Which image of it; nil where there is one.
    let name: String?
    /// A private directory.
    let scratch: String
    let progress: ArchiveFile.Progress

    /// - Parameter directory: new and empty.
    /// - Returns: the devices that were made.
    func make(in directory: String, asRoot: Bool) async throws -> [String] {
        let files = try self.files()
        let image = try ContainerImage.find(in: files, named: name)
        let rules = TreeWriter.Rules(asRoot: asRoot, layered: true)
        let writer = try TreeWriter(directory, rules)
        for layer in image.layers { try await apply(layer, of: files, with: writer) }
        try writer.finish()
        return writer.devices
    }

    /// The image as a directory: an archive is unpacked first.
    private func files() throws -> ImageFiles {
        let archive: ArchiveFile
        let path: String
        switch place {
        case .directory(let directory): return ImageFiles(directory: directory)
        case .archive(let file, let name): (archive, path) = (file, name)
        }
        let directory = "\(scratch)/image"
        try DurableFiles.makeDirectory(directory)
        let writer = try TreeWriter(directory, TreeWriter.Rules(asRoot: false, layered: false))
        do {
            _ = try archive.unpack(into: writer, progress: progress)
            try writer.finish()
        } catch let error as TarError {
            throw CapsuleBuildError.tar(file: path, error)
        }
        return ImageFiles(directory: directory)
    }

    private func apply(_ layer: ContainerImage.Layer, of files: ImageFiles, with writer: TreeWriter) async throws {
        guard let file = try files.open(layer.file) else {
            throw ImageError.notAnImage(path: files.directory, reason: "it has no file \(layer.file)")
        }
        if let stored = layer.stored {
            let found = try ArchiveFile.pin(file)
            guard found.size == stored.size else {
                throw ImageError.wrongBlob(
                    path: layer.file, reason: "it has \(found.size) bytes, its manifest says \(stored.size)")
            }
            guard found == stored else {
                throw ImageError.wrongBlob(path: layer.file, reason: "its SHA-256 is another one than its name")
            }
        }
        let plain = "\(scratch)/layer.tar"
        let archive = try await ArchiveFile.plain(file.path, scratch: plain)
        writer.beginLayer()
        let digest: ContentDigest
        do {
            digest = try archive.unpack(into: writer, progress: progress)
        } catch let error as TarError {
            throw ImageError.layer(digest: layer.archive.hex, error)
        }
        guard digest == layer.archive else {
            throw ImageError.wrongBlob(
                path: layer.file,
                reason: "unpacked it is sha256:\(digest.hex), its image says sha256:\(layer.archive.hex)")
        }
        try DurableFiles.remove(plain)
    }

    /// Whether a file that a person named is an image, and no plain tar archive of a root: as its entries say.
    static func isImageArchive(_ archive: ArchiveFile) throws -> Bool {
        let file = try OpenFile.following(archive.path)
        var reader = TarReader()
        var offset: Int64 = 0
        var names: Set<String> = []
        // Documents may come last; contents are skipped by reading on, at the speed of the disk.
        while names.isDisjoint(with: ["oci-layout", "manifest.json"]) {
            let piece = try file.read(1 << 20, at: offset)
            if piece.isEmpty { break }
            offset += Int64(piece.count)
            for case .member(let member) in try reader.receive(piece) {
                names.insert(member.path.text)
                // A root has these, and an image never.
                if ["etc", "usr", "bin"].contains(member.path.components.first.map(PrintableName.text)) {
                    return false
                }
            }
        }
        return !names.isDisjoint(with: ["oci-layout", "manifest.json"])
    }
}
