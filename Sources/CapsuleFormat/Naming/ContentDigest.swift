internal import Crypto

/// A SHA-256 digest (FIPS 180-4), 32 bytes: the name of a chunk, a bundle, an index or a stream.
public struct ContentDigest: Hashable, Sendable {
    /// Length in bytes.
    public static let length = 32

    /// Four big-endian words: equality and hashing of a digest are the hot path of deduplication.
    ///
    /// No SIMD4, which asks for an alignment of 32 bytes: frames of async functions have 16 (Swift 6.3.1; of 2,000 tasks
    /// that kept one over an `await`, 827 had it at an address that was no multiple of 32).
    private struct Words: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0

        /// By position, 0 to 3.
        subscript(position: Int) -> UInt64 {
            get {
                switch position {
                case 0: first
                case 1: second
                case 2: third
                default: fourth
                }
            }
            set {
                switch position {
                case 0: first = newValue
                case 1: second = newValue
                case 2: third = newValue
                default: fourth = newValue
                }
            }
        }
    }

    private let words: Words

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
        var words = Words()
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
    private init(words: Words) { self.words = words }

    /// 32 zero bytes: the name of nothing.
    static let zero = ContentDigest(words: Words())
}
