import FoundationEssentials

@testable import CapsuleFormat

/// A key that is no secret, and what it signed.
enum Sample {
    static let key = try? SigningKey(
        privateKeyFile: Array("perseid-ed25519-private \(Data(repeating: 7, count: 32).base64EncodedString())\n".utf8))

    static let trusted: TrustedKeys = {
        var keys = TrustedKeys()
        if let key { _ = try? keys.add(publicKeyFile: key.publicKeyFile) }
        return keys
    }()

    static let manifest: CapsuleManifest? = {
        guard let key, let name = CapsuleName("compute") else { return nil }
        let digest = ContentDigest(hashing: [1, 2, 3])
        let streams = StreamRole.allCases.map { CapsuleManifest.StreamSummary(role: $0, size: 4096, sha256: digest) }
        return CapsuleManifest(
            name: name, generation: 12, arch: "x86_64", imageFormat: "squashfs-zstd", streams: streams,
            index: .init(sha256: digest, size: 500, chunks: 4), kernelRelease: "6.1.0-13-amd64",
            kernelCommandLine: "quiet", chunker: .standard, created: 1_700_000_000, expires: 1_900_000_000,
            keyID: key.id)
    }()
}
