internal import CapsuleFormat

/// One image: its layers from the lowest to the highest, where they lie and what they have to be.
struct ContainerImage: Hashable {
    struct Layer: Hashable {
        /// The file in the image's directory.
        var file: String
        /// Of the file's bytes; nil where nothing says (`docker save`, whose layers are not compressed).
        var stored: Pin?
        /// SHA-256 of the uncompressed archive: `diff_ids` of the configuration.
        var archive: ContentDigest
    }

    struct Pin: Hashable {
        var digest: ContentDigest
        var size: Int64
    }

    var platform: ImageDocument.Platform
    var layers: [Layer]

    /// What the nodes are, in the words of Go, which the specification uses.
    static let platform = ImageDocument.Platform(architecture: "amd64", os: "linux", variant: nil)

    /// Finds the image in a directory.
    /// - Parameter name: its tag or name; nil where there is only one for our platform.
    static func find(in files: ImageFiles, named name: String?) throws -> ContainerImage {
        if files.exists("oci-layout") { return try ofLayout(files, named: name) }
        if files.exists("manifest.json") { return try ofArchive(files, named: name) }
        throw ImageError.notAnImage(
            path: files.directory, reason: "it has neither 'oci-layout' nor 'manifest.json'")
    }

    // MARK: - Image layout

    private static func ofLayout(_ files: ImageFiles, named name: String?) throws -> ContainerImage {
        let layout = try ImageDocument.read(
            ImageDocument.Layout.self, try files.document("oci-layout"), at: "oci-layout")
        guard layout.imageLayoutVersion.hasPrefix("1.") else {
            throw ImageError.malformed(path: "oci-layout", reason: "version '\(layout.imageLayoutVersion)', known is 1")
        }
        let index = try ImageDocument.read(
            ImageDocument.Index.self, try files.document("index.json"), at: "index.json")
        var named = index.manifests
        if let name {
            named = named.filter { $0.name == name || $0.name?.hasSuffix(":\(name)") == true || $0.digest == name }
            guard !named.isEmpty else {
                throw ImageError.noSuchImage(wanted: name, has: index.manifests.map { $0.name ?? $0.digest })
            }
        }
        var found: [(title: String, image: ContainerImage)] = []
        var others: [String] = []
        for descriptor in named.prefix(ImageDocument.maximumEntries) {
            try gather(descriptor, files, in: "index.json", depth: 0, &found, &others)
        }
        let distinct = found.reduce(into: [(title: String, image: ContainerImage)]()) { kept, next in
            if !kept.contains(where: { $0.image == next.image }) { kept.append(next) }
        }
        guard let image = distinct.first else {
            throw ImageError.noSuchImage(wanted: platform.text, has: others)
        }
        guard distinct.count == 1 else { throw ImageError.ambiguous(has: distinct.map(\.title)) }
        return image.image
    }

    /// Deepest nesting of indexes.
    private static let maximumDepth = 4

    private static func gather(
        _ descriptor: ImageDocument.Descriptor, _ files: ImageFiles, in path: String, depth: Int,
        _ found: inout [(title: String, image: ContainerImage)], _ others: inout [String]
    ) throws {
        if let other = descriptor.platform, other.os != platform.os || other.architecture != platform.architecture {
            others.append(other.text)
            return
        }
        let bytes = try files.blob(descriptor, in: path)
        let name = descriptor.digest
        if isIndex(descriptor.mediaType) {
            guard depth < maximumDepth else { throw ImageError.malformed(path: name, reason: "indexes in indexes") }
            let index = try ImageDocument.read(ImageDocument.Index.self, bytes, at: name)
            for next in index.manifests.prefix(ImageDocument.maximumEntries) {
                try gather(next, files, in: name, depth: depth + 1, &found, &others)
            }
            return
        }
        guard isManifest(descriptor.mediaType) else {
            others.append(descriptor.mediaType ?? "unknown")
            return
        }
        let manifest = try ImageDocument.read(ImageDocument.Manifest.self, bytes, at: name)
        let configuration = try files.blob(manifest.config, in: name)
        // Attestations and other artefacts have manifests, too, and no configuration of an image.
        guard
            let configuration = try? ImageDocument.read(
                ImageDocument.Configuration.self, configuration, at: manifest.config.digest),
            configuration.platform.os == platform.os, configuration.architecture == platform.architecture
        else {
            others.append("\(descriptor.name ?? name) (of another kind or platform)")
            return
        }
        found.append((descriptor.name ?? name, try image(manifest, configuration, at: name)))
    }

    private static func image(
        _ manifest: ImageDocument.Manifest, _ configuration: ImageDocument.Configuration, at path: String
    ) throws -> ContainerImage {
        let ids = configuration.rootfs.diffIDs
        guard manifest.layers.count == ids.count, ids.count <= ImageDocument.maximumEntries else {
            throw ImageError.malformed(
                path: path, reason: "it has \(manifest.layers.count) layers, its configuration says \(ids.count)")
        }
        let layers = try zip(manifest.layers, ids).map { descriptor, id in
            guard isLayer(descriptor.mediaType) else {
                throw ImageError.unknownLayer(mediaType: descriptor.mediaType ?? "")
            }
            let (digest, size) = try descriptor.pinned(in: path)
            return Layer(
                file: ImageFiles.blobName(digest), stored: Pin(digest: digest, size: size),
                archive: try ImageDocument.digest(id, in: manifest.config.digest))
        }
        return ContainerImage(platform: configuration.platform, layers: layers)
    }

    private static func isIndex(_ type: String?) -> Bool {
        type == "application/vnd.oci.image.index.v1+json"
            || type == "application/vnd.docker.distribution.manifest.list.v2+json"
    }

    private static func isManifest(_ type: String?) -> Bool {
        type == "application/vnd.oci.image.manifest.v1+json"
            || type == "application/vnd.docker.distribution.manifest.v2+json"
    }

    /// Tar archives, compressed in whatever way: the bytes say which.
    private static func isLayer(_ type: String?) -> Bool {
        guard let type else { return false }
        return type.hasPrefix("application/vnd.oci.image.layer.")
            || type.hasPrefix("application/vnd.docker.image.rootfs.")
    }

    // MARK: - docker save

    private static func ofArchive(_ files: ImageFiles, named name: String?) throws -> ContainerImage {
        let images = try ImageDocument.read(
            [ImageDocument.Saved].self, try files.document("manifest.json"), at: "manifest.json")
        let titles = images.flatMap { $0.repoTags ?? [$0.config] }
        let chosen = images.filter { image in
            guard let name else { return true }
            return image.config == name || (image.repoTags ?? []).contains { $0 == name || $0.hasSuffix(":\(name)") }
        }
        guard let saved = chosen.first else { throw ImageError.noSuchImage(wanted: name ?? "", has: titles) }
        guard chosen.count == 1 else { throw ImageError.ambiguous(has: titles) }
        let bytes = try files.document(saved.config)
        let title = saved.config.split(separator: "/").last.map(String.init) ?? saved.config
        if let digest = ContentDigest(hex: title.hasSuffix(".json") ? String(title.dropLast(5)) : title) {
            guard ContentDigest(hashing: bytes) == digest else {
                throw ImageError.wrongBlob(path: saved.config, reason: "its SHA-256 is another one than its name")
            }
        }
        let configuration = try ImageDocument.read(ImageDocument.Configuration.self, bytes, at: saved.config)
        guard configuration.os == platform.os, configuration.architecture == platform.architecture else {
            throw ImageError.noSuchImage(wanted: platform.text, has: [configuration.platform.text])
        }
        let ids = configuration.rootfs.diffIDs
        guard ids.count == saved.layers.count, ids.count <= ImageDocument.maximumEntries else {
            throw ImageError.malformed(
                path: "manifest.json",
                reason: "it names \(saved.layers.count) layers, \(saved.config) has \(ids.count)")
        }
        let layers = try zip(saved.layers, ids).map { file, id in
            Layer(file: file, stored: nil, archive: try ImageDocument.digest(id, in: saved.config))
        }
        return ContainerImage(platform: configuration.platform, layers: layers)
    }
}
