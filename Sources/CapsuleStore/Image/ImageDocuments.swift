internal import CapsuleFormat
internal import FoundationEssentials

/// The JSON documents of an image: OCI image-spec 1.1, and Docker's manifest version 2, which has the same fields.
enum ImageDocument {
    /// Longest document in bytes, as registries have it.
    static let maximumSize = 4 << 20
    /// Most entries of one list in a document.
    static let maximumEntries = 1024

    /// `oci-layout`
    struct Layout: Codable, Hashable {
        var imageLayoutVersion: String
    }

    struct Platform: Codable, Hashable {
        var architecture: String
        var os: String
        var variant: String?

        var text: String { [os, architecture, variant].compactMap { $0 }.joined(separator: "/") }
    }

    /// What names a blob: descriptor.md.
    struct Descriptor: Codable, Hashable {
        var mediaType: String?
        var digest: String
        var size: Int64
        var platform: Platform?
        var annotations: [String: String]?

        /// The name that a person gave the image: `latest`, or `docker.io/library/debian:12`.
        var name: String? { annotations?["org.opencontainers.image.ref.name"] }
    }

    /// `index.json` and indexes below it: image-index.md.
    struct Index: Codable, Hashable {
        var schemaVersion: Int
        var manifests: [Descriptor]
    }

    /// manifest.md
    struct Manifest: Codable, Hashable {
        var schemaVersion: Int
        var config: Descriptor
        var layers: [Descriptor]
    }

    /// As much as matters here of config.md.
    struct Configuration: Codable, Hashable {
        struct RootFS: Codable, Hashable {
            var type: String
            var diffIDs: [String]

            private enum CodingKeys: String, CodingKey {
                case type
                case diffIDs = "diff_ids"
            }
        }

        var architecture: String
        var os: String
        var variant: String?
        var rootfs: RootFS

        var platform: Platform { Platform(architecture: architecture, os: os, variant: variant) }
    }

    /// One image of `manifest.json`, as `docker save` writes it.
    struct Saved: Codable, Hashable {
        var config: String
        var repoTags: [String]?
        var layers: [String]

        private enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
        }
    }

    /// Reads one.
    /// - Parameter path: for errors.
    /// - Throws: `.malformed`.
    static func read<Document: Decodable>(
        _ document: Document.Type, _ bytes: [UInt8], at path: String
    ) throws(ImageError) -> Document {
        guard bytes.count <= maximumSize else {
            throw .malformed(path: path, reason: "\(bytes.count) bytes are more than any document has")
        }
        do {
            return try JSONDecoder().decode(document, from: Data(bytes))
        } catch {
            throw .malformed(path: path, reason: words(error))
        }
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is no JSON" }
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "it lacks '\((place(context).isEmpty ? "" : place(context) + ".") + key.stringValue)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "'\(place(context))' is of another kind"
        case .dataCorrupted: return "it is no JSON"
        @unknown default: return "it is no JSON"
        }
    }
}

extension ImageDocument.Descriptor {
    /// The digest, if it is one that is known here, and the size.
    /// - Throws: `.malformed`.
    func pinned(in path: String) throws(ImageError) -> (digest: ContentDigest, size: Int64) {
        guard size >= 0 else { throw .malformed(path: path, reason: "a size of \(size) bytes") }
        return (try ImageDocument.digest(digest, in: path), size)
    }
}

extension ImageDocument {
    /// `sha256:` and 64 hexadecimal digits. The specification registers sha512 as well, which nobody writes.
    static func digest(_ text: String, in path: String) throws(ImageError) -> ContentDigest {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "sha256", let digest = ContentDigest(hex: String(parts[1])) else {
            throw .malformed(path: path, reason: "'\(PrintableName.text(Array(text.utf8)))' is no sha256 digest")
        }
        return digest
    }
}
