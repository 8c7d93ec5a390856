internal import Crypto
internal import FoundationEssentials

/// The public keys whose signatures count: on a node, the files of `/etc/perseid/trusted` in its initramfs.
public struct TrustedKeys: Sendable {
    private var keys: [KeyID: Curve25519.Signing.PublicKey] = [:]

    /// Trusts nobody.
    public init() {}

    /// Adds the key of one `.pub` file: `perseid-ed25519 BASE64` on its first line.
    /// - Throws: `KeyError.malformed`.
    @discardableResult
    public mutating func add(publicKeyFile bytes: [UInt8]) throws(KeyError) -> KeyID {
        let key = try PublicKeyFile.parse(bytes)
        let id = KeyID(naming: key)
        keys[id] = key
        return id
    }

    public var ids: Set<KeyID> { Set(keys.keys) }

    public var isEmpty: Bool { keys.isEmpty }

    /// Nil where the key is not trusted.
    func isValid(signature: [UInt8], of message: [UInt8], by id: KeyID) -> Bool? {
        keys[id]?.isValidSignature(signature, for: message)
    }
}

/// The text form of a public key.
enum PublicKeyFile {
    private static let label = "perseid-ed25519"

    static func format(_ key: Curve25519.Signing.PublicKey) -> [UInt8] {
        Array("\(label) \(key.rawRepresentation.base64EncodedString())\n".utf8)
    }

    static func parse(_ bytes: [UInt8]) throws(KeyError) -> Curve25519.Signing.PublicKey {
        guard bytes.count <= 256 else { throw .malformed("a public key file has at most 256 bytes") }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == label, let raw = Data(base64Encoded: String(words[1])),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
        else { throw .malformed("a public key file reads '\(label) BASE64'") }
        return key
    }
}

/// Why bytes are not a key.
public enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)

    public var description: String {
        switch self {
        case .malformed(let reason): "not a key: \(reason)"
        }
    }
}
