/// `POST /node/v1/trace`: the chunks of a generation's stream `root` in the order in which a boot read them first. The
/// boots after it fetch in this order; what is fetched is verified as ever, so a wrong one costs time alone.
public struct BootTrace: Codable, Hashable, Sendable {
    /// Longest list: with chunks of 64 KiB, 512 MiB of an image.
    public static let limit = 8192

    /// The exact generation.
    public var capsule: String
    /// Counted within the stream.
    public var chunks: [Int]

    public init(capsule: String, chunks: [Int]) {
        self.capsule = capsule
        self.chunks = Array(chunks.prefix(Self.limit))
    }
}
