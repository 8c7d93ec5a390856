/// Why a manifest is not to be booted, or could not be made.
public enum ManifestError: Error, Hashable, Sendable {
    /// Not a manifest at all, or cut short.
    case malformed(String)
    /// In bytes.
    case tooLarge(bytes: Int, limit: Int)
    /// Written by a newer Perseid.
    case newerFormat(version: Int)
    /// Signed by a key that this node does not carry.
    case untrustedKey(KeyID)
    /// The key is trusted, the bytes are not those that it signed.
    case badSignature(KeyID)
    /// The signature is good, and its key does not count any more. In seconds since 1970.
    case expiredKey(KeyID, at: Int64)
    /// In seconds since 1970.
    case expired(at: Int64, now: Int64)
    /// A good manifest of something else.
    case unexpected(found: String, expected: CapsuleGeneration)
    /// The signing key could not sign.
    case signingFailed
}

extension ManifestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let reason): "malformed manifest: \(reason)"
        case .tooLarge(let bytes, let limit): "the manifest has \(bytes) bytes, the limit is \(limit)"
        case .newerFormat(let version):
            "the manifest has format \(version), this Perseid reads \(CapsuleManifest.currentFormat): update stage 1"
        case .untrustedKey(let id):
            "the manifest is signed with key \(id), which is not trusted here: build stage 1 with that key, or sign"
                + " the capsule with a trusted one"
        case .badSignature(let id): "the manifest's signature by key \(id) does not match its bytes"
        case .expiredKey(let id, let at):
            "the manifest is signed with key \(id), which expired at \(at) (seconds since 1970): build the capsule again"
        case .expired(let at, let now): "the manifest expired at \(at), now it is \(now) (seconds since 1970)"
        case .unexpected(let found, let expected): "the manifest is for \(found), asked for was \(expected)"
        case .signingFailed: "the signing key gave no signature"
        }
    }
}
