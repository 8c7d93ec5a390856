package import CapsuleFormat

/// How a signed manifest wants its root made: from what kind of image, and into what.
package struct RootRecipe: Hashable, Sendable {
    /// What the image of the stream `root` is mounted as.
    package enum ImageType: String, Hashable, Sendable {
        case squashfs
        case erofs

        /// Nil for a format that this agent does not know.
        package init?(format: String) {
            switch format {
            case "squashfs-zstd": self = .squashfs
            case "erofs-lz4": self = .erofs
            default: return nil
            }
        }
    }

    package var image: ImageType
    package var mode: RootMode

    package init(_ manifest: CapsuleManifest) throws(RootProblem) {
        guard let image = ImageType(format: manifest.imageFormat) else { throw .unknownFormat(manifest.imageFormat) }
        self.image = image
        mode = (manifest.settings ?? CapsuleSettings()).rootMode
    }
}
