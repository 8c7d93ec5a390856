internal import CDigest

/// SHA-256 of a stream that arrives in windows, and of the chunks of each window at the same time: with the processor's
/// SHA extensions both together take two thirds of what they take one after the other.
public struct StreamHasher: Sendable {
    /// By the extensions.
    private var stream = perseid_sha256()
    /// By the library, where the processor has none.
    private var library = ContentHasher()
    private let hasExtensions: Bool

    public init() {
        self.init(byExtensions: ContentDigest.hasExtensions)
    }

    init(byExtensions hasExtensions: Bool) {
        self.hasExtensions = hasExtensions
        perseid_sha256_begin(&stream)
    }

    /// Takes the next bytes of the stream.
    /// - Parameter parts: ranges of `bytes`; what lies outside of them is left out.
    /// - Returns: the parts' digests, in their order.
    public mutating func update(_ bytes: Span<UInt8>, hashing parts: [Range<Int>]) -> [ContentDigest] {
        guard hasExtensions else {
            library.update(bytes.bytes)
            return ContentDigest.hashing(parts, of: bytes)
        }
        let parts = parts.map { $0.clamped(to: 0..<bytes.count) }
        let size = parts.count * ContentDigest.length
        let digests = [UInt8](unsafeUninitializedCapacity: size) { digests, count in
            bytes.withUnsafeBufferPointer { bytes in
                perseid_sha256_update_and_many(
                    &stream, bytes.baseAddress, bytes.count, parts.map(\.lowerBound), parts.map(\.count), parts.count,
                    digests.baseAddress)
            }
            count = size
        }
        return ContentDigest.split(digests)
    }

    /// The digest of all bytes so far; more may follow.
    public func finalize() -> ContentDigest {
        guard hasExtensions else { return library.finalize() }
        let digest = [UInt8](unsafeUninitializedCapacity: ContentDigest.length) { digest, count in
            withUnsafePointer(to: stream) { perseid_sha256_finish($0, digest.baseAddress) }
            count = ContentDigest.length
        }
        return ContentDigest(bytes: digest) ?? .zero
    }
}
