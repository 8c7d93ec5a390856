/// The name of a capsule, `compute`: one path component on the server and one in every URL.
///
/// 1 to 64 bytes of `a-z`, `0-9`, `-`, `_` and `.`, the first of them a letter or a digit, so that a name can be
/// neither hidden, nor an option, nor a way out of its directory.
public struct CapsuleName: Hashable, Sendable {
    /// Longest name, in bytes.
    public static let maximumLength = 64

    public let text: String

    /// Nil where `text` breaks a rule above.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength, let first = text.utf8.first, Self.isLetterOrDigit(first),
            text.utf8.allSatisfy({ Self.isLetterOrDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
        else { return nil }
        self.text = text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

extension CapsuleName: Comparable, CustomStringConvertible {
    public static func < (left: CapsuleName, right: CapsuleName) -> Bool { left.text < right.text }
    public var description: String { text }
}

extension CapsuleName: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = CapsuleName(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a capsule name")
        }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
