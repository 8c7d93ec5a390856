internal import Crypto
internal import FoundationEssentials

/// The server's Ed25519 key (RFC 8032), which signs manifests.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    public let id: KeyID

    /// A new random key.
    public init() {
        self.init(Curve25519.Signing.PrivateKey())
    }

    /// Reads what `privateKeyFile` wrote.
    /// - Throws: `KeyError.malformed`, which never quotes the bytes.
    public init(privateKeyFile bytes: [UInt8]) throws(KeyError) {
        let words =
            bytes.count > 256 ? [] : String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == Self.label, let raw = Data(base64Encoded: String(words[1])),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
        else { throw .malformed("a private key file reads '\(Self.label) BASE64'") }
        self.init(key)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        id = KeyID(naming: key.publicKey)
    }

    private static let label = "perseid-ed25519-private"

    /// The secret as a file, for the owner's eyes (mode 0600).
    public var privateKeyFile: [UInt8] {
        Array("\(Self.label) \(key.rawRepresentation.base64EncodedString())\n".utf8)
    }

    /// The public half as a file, `KEYID.pub`.
    public var publicKeyFile: [UInt8] { PublicKeyFile.format(key.publicKey) }

    /// 64 bytes over `message`; nil only if the system's source of randomness fails.
    func signature(of message: [UInt8]) -> [UInt8]? {
        (try? key.signature(for: message)).map { Array($0) }
    }
}
