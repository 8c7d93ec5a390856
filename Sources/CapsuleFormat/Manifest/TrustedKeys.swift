internal import Crypto
internal import FoundationEssentials

/// The public keys whose signatures count: on a node, the files of `/etc/perseid/trusted` in its initramfs.
public struct TrustedKeys: Sendable {
    private var keys: [KeyID: Curve25519.Signing.PublicKey] = [:]
    private var expiries: [KeyID: Int64] = [:]

    /// Trusts nobody.
    public init() {}

    /// Adds the key of one `.pub` file: `perseid-ed25519 BASE64` on its first line, and `expires SECONDS` on a second one
    /// where it counts until then only, in seconds since 1970.
    /// - Throws: `KeyError.malformed`.
    @discardableResult
    public mutating func add(publicKeyFile bytes: [UInt8]) throws(KeyError) -> KeyID {
        let (key, expires) = try PublicKeyFile.parse(bytes)
        let id = KeyID(naming: key)
        keys[id] = key
        expiries[id] = expires
        return id
    }

    /// When a key's signatures end to count, in seconds since 1970; nil for never.
    public func expiry(of id: KeyID) -> Int64? { expiries[id] }

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

    static func parse(_ bytes: [UInt8]) throws(KeyError) -> (Curve25519.Signing.PublicKey, expires: Int64?) {
        guard bytes.count <= 256 else { throw .malformed("a public key file has at most 256 bytes") }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2 || words.count == 4, words[0] == label, let raw = Data(base64Encoded: String(words[1])),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
        else { throw .malformed("a public key file reads '\(label) BASE64'") }
        guard words.count == 4 else { return (key, nil) }
        guard words[2] == "expires", let expires = Int64(words[3]), expires > 0 else {
            throw .malformed("the second line of a public key file reads 'expires SECONDS'")
        }
        return (key, expires)
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
