/// The head of a generation: it pins the index by digest, the index pins the chunks, and a signature pins it.
///
/// Written as canonical JSON: keys sorted by bytes, no white space, under 4 KiB. Times are seconds since 1970.
public struct CapsuleManifest: Codable, Hashable, Sendable {
    /// The one version that this code writes and reads.
    public static let currentFormat = 1
    /// Longest JSON, in bytes.
    public static let maximumSize = 4 << 10

    /// A stream's size in bytes and its digest as a whole.
    public struct StreamSummary: Codable, Hashable, Sendable {
        public var role: StreamRole
        public var size: Int64
        public var sha256: ContentDigest

        public init(role: StreamRole, size: Int64, sha256: ContentDigest) {
            self.role = role
            self.size = size
            self.sha256 = sha256
        }
    }

    /// What the index has to be.
    public struct IndexSummary: Codable, Hashable, Sendable {
        public var sha256: ContentDigest
        /// In bytes.
        public var size: Int
        public var chunks: Int

        public init(sha256: ContentDigest, size: Int, chunks: Int) {
            self.sha256 = sha256
            self.size = size
            self.chunks = chunks
        }
    }

    public var formatVersion: Int
    public var name: CapsuleName
    /// From 1.
    public var generation: Int
    /// `x86_64`
    public var arch: String
    /// Of the stream `root`: `squashfs-zstd` or `erofs-lz4`. The stream `modules` is `squashfs-zstd` always.
    public var imageFormat: String
    /// In the order of the index.
    public var streams: [StreamSummary]
    public var index: IndexSummary
    /// `uname -r` of the stream `kernel`.
    public var kernelRelease: String
    /// What the kernel is started with, beside what stage 1 adds.
    public var kernelCommandLine: String
    public var chunker: ChunkerParameters
    public var created: Int64
    /// From then on no node boots it.
    public var expires: Int64?
    /// The key of the signature.
    public var keyID: KeyID
    /// Nil is what `CapsuleSettings()` says.
    public var settings: CapsuleSettings?

    public init(
        name: CapsuleName, generation: Int, arch: String, imageFormat: String, streams: [StreamSummary],
        index: IndexSummary, kernelRelease: String, kernelCommandLine: String, chunker: ChunkerParameters,
        created: Int64, expires: Int64?, keyID: KeyID, settings: CapsuleSettings? = nil
    ) {
        formatVersion = Self.currentFormat
        self.name = name
        self.generation = generation
        self.arch = arch
        self.imageFormat = imageFormat
        self.streams = streams
        self.index = index
        self.kernelRelease = kernelRelease
        self.kernelCommandLine = kernelCommandLine
        self.chunker = chunker
        self.created = created
        self.expires = expires
        self.keyID = keyID
        self.settings = settings
    }

    /// Nil where the capsule has no such stream.
    public func stream(_ role: StreamRole) -> StreamSummary? {
        streams.first { $0.role == role }
    }

    /// `compute@12`
    public var reference: String { "\(name)@\(generation)" }
}
