internal import Crypto

/// A SHA-256 digest (FIPS 180-4), 32 bytes: the name of a chunk, a bundle, an index or a stream.
public struct ContentDigest: Hashable, Sendable {
    /// Length in bytes.
    public static let length = 32

    // Four big-endian words: equality and hashing of a digest are the hot path of deduplication.
    private let words: SIMD4<UInt64>

    /// The digest of `bytes`.
    public init(hashing bytes: RawSpan) {
        var hasher = ContentHasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// The digest of `bytes`.
    public init(hashing bytes: [UInt8]) {
        self.init(hashing: bytes.span.bytes)
    }

    /// Nil unless `bytes` are exactly 32.
    public init?(bytes: some Sequence<UInt8>) {
        var words = SIMD4<UInt64>()
        var count = 0
        for byte in bytes {
            guard count < Self.length else { return nil }
            words[count / 8] = words[count / 8] << 8 | UInt64(byte)
            count += 1
        }
        guard count == Self.length else { return nil }
        self.words = words
    }

    /// Nil unless `hex` is 64 hexadecimal digits in lower case.
    public init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex), bytes.count == Self.length else { return nil }
        self.init(bytes: bytes)
    }

    /// The 32 bytes in order.
    public var bytes: [UInt8] {
        (0..<Self.length).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// 64 hexadecimal digits in lower case.
    public var hex: String { Hexadecimal.encode(bytes) }
}

extension ContentDigest: Comparable, CustomStringConvertible {
    /// By bytes.
    public static func < (left: ContentDigest, right: ContentDigest) -> Bool {
        for index in 0..<4 where left.words[index] != right.words[index] {
            return left.words[index] < right.words[index]
        }
        return false
    }

    public var description: String { hex }
}

extension ContentDigest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = ContentDigest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest in hex")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// SHA-256 over bytes that arrive in pieces.
public struct ContentHasher: Sendable {
    private var state = SHA256()

    public init() {}

    public mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
    }

    public mutating func update(_ bytes: [UInt8]) {
        update(bytes.span.bytes)
    }

    /// The digest of all bytes so far; more may follow.
    public func finalize() -> ContentDigest {
        // 32 bytes by its type, so that the other side is never reached.
        ContentDigest(bytes: state.finalize()) ?? ContentDigest.zero
    }
}

extension ContentDigest {
    private init(words: SIMD4<UInt64>) { self.words = words }

    /// 32 zero bytes: the name of nothing.
    static let zero = ContentDigest(words: SIMD4())
}
