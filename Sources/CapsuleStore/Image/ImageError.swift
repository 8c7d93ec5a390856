/// Why an OCI image or one of `docker save` was refused.
public enum ImageError: Error, Hashable, Sendable {
    /// Neither an image layout nor an archive of `docker save`.
    case notAnImage(path: String, reason: String)
    /// A document of it that cannot be read.
    case malformed(path: String, reason: String)
    /// A blob that is not what names it.
    case wrongBlob(path: String, reason: String)
    /// A name or a platform that the image does not have, with those that it has.
    case noSuchImage(wanted: String, has: [String])
    /// Several images, and none was named.
    case ambiguous(has: [String])
    /// A layer of a kind that is not known here.
    case unknownLayer(mediaType: String)
    /// A layer whose tar archive was refused.
    case layer(digest: String, TarError)
}

extension ImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAnImage(let path, let reason): "\(path) is no container image: \(reason)"
        case .malformed(let path, let reason): "\(path) of the image is malformed: \(reason)"
        case .wrongBlob(let path, let reason): "\(path) of the image is not what it should be: \(reason); copy it again"
        case .noSuchImage(let wanted, let has):
            "there is no image for '\(wanted)'; there are: \(has.isEmpty ? "none" : has.joined(separator: ", "))"
        case .ambiguous(let has):
            "there are several images: \(has.joined(separator: ", ")). Name one: oci:PATH:NAME, or docker-archive:PATH:NAME"
        case .unknownLayer(let type): "it has a layer of the type '\(type)', which is not supported"
        case .layer(let digest, let error): "layer \(digest): \(error)"
        }
    }
}
