internal import Crypto
internal import FoundationEssentials

/// The short name of a public key: the first 16 hexadecimal digits of its SHA-256, in lower case.
///
/// It only says which key to try. Two keys of one name cannot stand in for each other: the signature is checked.
public struct KeyID: Hashable, Sendable {
    public let text: String

    /// Nil unless `text` is 16 hexadecimal digits in lower case.
    public init?(_ text: String) {
        guard Hexadecimal.decode(text)?.count == 8 else { return nil }
        self.text = text
    }

    init(naming publicKey: Curve25519.Signing.PublicKey) {
        text = String(ContentDigest(hashing: Array(publicKey.rawRepresentation)).hex.prefix(16))
    }
}

extension KeyID: CustomStringConvertible, Codable {
    public var description: String { text }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = KeyID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a key id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
