internal import FoundationEssentials

/// A manifest with its signature, as it is stored and served.
///
/// ```
/// PERSEID-MANIFEST 1\n
/// key KEYID\n
/// signature BASE64\n
/// \n
/// {"arch":"x86_64",...}
/// ```
///
/// The signature (Ed25519, RFC 8032, 64 bytes, base64) covers a fixed prefix, which keeps it from standing in for a
/// signature of anything else, and the JSON to the last byte. A node reads the JSON only after the signature held.
public enum SignedManifest {
    /// Longest envelope in bytes. Nobody needs to read further.
    public static let maximumSize = 8 << 10

    private static let magic = "PERSEID-MANIFEST"
    private static let version = 1
    private static let domain = Array("perseid capsule manifest 1\0".utf8)
    /// Longest header in bytes.
    private static let maximumHeader = 512

    /// Signs `manifest`, whose `keyID` must be the key's.
    /// - Throws: `.tooLarge`, `.signingFailed`, `.malformed`.
    public static func sign(_ manifest: CapsuleManifest, with key: SigningKey) throws(ManifestError) -> [UInt8] {
        guard manifest.keyID == key.id else { throw .malformed("it names key \(manifest.keyID), not \(key.id)") }
        let json = try canonicalJSON(manifest)
        guard let signature = key.signature(of: domain + json) else { throw .signingFailed }
        let header = "\(magic) \(version)\nkey \(key.id)\nsignature \(Data(signature).base64EncodedString())\n\n"
        return Array(header.utf8) + json
    }

    /// The manifest in `bytes`, if a trusted key signed it, it has not expired, and it is the one asked for.
    /// - Parameters:
    ///   - expecting: the exact generation that the plan names; nil accepts any.
    ///   - now: seconds since 1970. A node without a clock passes 0: expiry then does not bind it.
    /// - Throws: `ManifestError`.
    public static func verify(
        _ bytes: [UInt8], trusting keys: TrustedKeys, expecting: CapsuleGeneration?, now: Int64
    ) throws(ManifestError) -> CapsuleManifest {
        let envelope = try Envelope(bytes)
        guard let valid = keys.isValid(signature: envelope.signature, of: domain + envelope.json, by: envelope.key)
        else { throw .untrustedKey(envelope.key) }
        guard valid else { throw .badSignature(envelope.key) }
        if let end = keys.expiry(of: envelope.key), now >= end { throw .expiredKey(envelope.key, at: end) }
        let manifest = try decode(envelope.json)
        guard manifest.keyID == envelope.key else { throw .malformed("it names key \(manifest.keyID) as its signer") }
        if let expires = manifest.expires, now >= expires { throw .expired(at: expires, now: now) }
        if let expecting, manifest.name != expecting.name || manifest.generation != expecting.number {
            throw .unexpected(found: manifest.reference, expected: expecting)
        }
        return manifest
    }

    private static func canonicalJSON(_ manifest: CapsuleManifest) throws(ManifestError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(manifest) else { throw .malformed("it cannot be written as JSON") }
        guard json.count < CapsuleManifest.maximumSize else {
            throw .tooLarge(bytes: json.count, limit: CapsuleManifest.maximumSize)
        }
        return Array(json)
    }

    private static func decode(_ json: [UInt8]) throws(ManifestError) -> CapsuleManifest {
        struct Head: Decodable { var formatVersion: Int }
        let decoder = JSONDecoder()
        guard let head = try? decoder.decode(Head.self, from: Data(json)) else {
            throw .malformed("the signed bytes are not a manifest's JSON")
        }
        guard head.formatVersion <= CapsuleManifest.currentFormat else {
            throw .newerFormat(version: head.formatVersion)
        }
        let manifest: CapsuleManifest
        do {
            manifest = try decoder.decode(CapsuleManifest.self, from: Data(json))
        } catch {
            throw .malformed("the signed JSON lacks or garbles a field: \(error)")
        }
        guard manifest.generation >= 1, manifest.streams.allSatisfy({ $0.size >= 0 }),
            (0...CapsuleIndex.maximumSize).contains(manifest.index.size), manifest.index.chunks >= 0
        else { throw .malformed("a number in it is out of range") }
        return manifest
    }

    /// The three header lines and what follows them.
    private struct Envelope {
        var key: KeyID
        var signature: [UInt8]
        var json: [UInt8]

        init(_ bytes: [UInt8]) throws(ManifestError) {
            guard bytes.count <= maximumSize else { throw .tooLarge(bytes: bytes.count, limit: maximumSize) }
            let lines = bytes.split(separator: 0x0A, maxSplits: 4, omittingEmptySubsequences: false)
            guard lines.count == 5, lines[3].isEmpty, lines[4].startIndex <= maximumHeader else {
                throw .malformed("it lacks the header lines")
            }
            let header = lines[..<3].map { String(decoding: $0, as: UTF8.self) }
            guard let version = Self.value(of: magic, in: header[0]).flatMap({ Int($0) }) else {
                throw .malformed("it does not begin with '\(magic)'")
            }
            guard version == SignedManifest.version else { throw .newerFormat(version: version) }
            guard let key = Self.value(of: "key", in: header[1]).flatMap({ KeyID($0) }) else {
                throw .malformed("it lacks the line 'key KEYID'")
            }
            guard let text = Self.value(of: "signature", in: header[2]), let signature = Data(base64Encoded: text),
                signature.count == 64,
                // One spelling a signature: the last character has bits that no byte needs.
                signature.base64EncodedString() == text
            else { throw .malformed("it lacks the line 'signature BASE64'") }
            self.key = key
            self.signature = Array(signature)
            json = Array(lines[4])
        }

        private static func value(of field: String, in line: String) -> String? {
            line.hasPrefix(field + " ") ? String(line.dropFirst(field.count + 1)) : nil
        }
    }
}
