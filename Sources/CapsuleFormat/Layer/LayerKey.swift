internal import Crypto
internal import FoundationEssentials

/// The key pair that an agent makes for one boot attempt (X25519, RFC 7748). The private half never leaves the node.
public struct LayerKey: Sendable {
    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new random key.
    public init() {
        key = Curve25519.KeyAgreement.PrivateKey()
    }

    /// Reads what `secret` gave; nil for anything else.
    public init?(secret: String) {
        guard let raw = Data(base64Encoded: secret),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: raw)
        else { return nil }
        self.key = key
    }

    /// For the way over a kexec, in a file of root's.
    public var secret: String { key.rawRepresentation.base64EncodedString() }

    /// What the server seals for, base64.
    public var publicKey: String { key.publicKey.rawRepresentation.base64EncodedString() }
}
