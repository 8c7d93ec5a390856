import CapsuleFormat
import Testing

@Suite struct SignedManifestTests {
    static func manifest(of index: CapsuleIndex, key: SigningKey) throws -> CapsuleManifest {
        let bytes = index.encoded()
        return CapsuleManifest(
            name: try #require(CapsuleName("small")), generation: 3, arch: "x86_64", imageFormat: "squashfs-zstd",
            streams: index.streams.map {
                .init(role: $0.role, size: $0.size, sha256: ContentDigest(hashing: Array($0.role.rawValue.utf8)))
            },
            index: .init(sha256: ContentDigest(hashing: bytes), size: bytes.count, chunks: index.chunks.count),
            kernelRelease: "6.1.0-1-cloud-amd64", kernelCommandLine: "console=ttyS0", chunker: .standard,
            created: 1_700_000_000, expires: nil, keyID: key.id)
    }

    private let key = SigningKey()
    private let small3 = CapsuleGeneration("small@3")

    private func trusted() throws -> TrustedKeys {
        var keys = TrustedKeys()
        #expect(try keys.add(publicKeyFile: key.publicKeyFile) == key.id)
        return keys
    }

    private func manifest() throws -> CapsuleManifest {
        try Self.manifest(of: CapsuleIndexTests.example(), key: key)
    }

    @Test func roundTrip() throws {
        let bytes = try SignedManifest.sign(manifest(), with: key)
        #expect(try SignedManifest.verify(bytes, trusting: trusted(), expecting: small3, now: 0) == manifest())
        #expect(try SignedManifest.verify(bytes, trusting: trusted(), expecting: nil, now: 0) == manifest())
    }

    @Test func jsonIsCanonical() throws {
        let bytes = try SignedManifest.sign(manifest(), with: key)
        let text = String(decoding: bytes, as: UTF8.self)
        let json = try #require(text.split(separator: "\n\n", maxSplits: 1).last)
        #expect(!json.contains(" ") && !json.contains("\n"))
        let keys = ["arch", "chunker", "created", "formatVersion", "generation", "imageFormat", "kernelCommandLine"]
        let positions = keys.compactMap { json.firstRange(of: "\"\($0)\":")?.lowerBound }
        #expect(positions.count == keys.count)
        #expect(positions == positions.sorted())
        let chunker = "\"chunker\":{\"avg\":262144,\"gear\":1,\"max\":1048576,\"min\":65536}"
        #expect(json.hasPrefix("{\"arch\":\"x86_64\"," + chunker))
    }

    @Test func otherKeyIsToldApartFromBadSignature() throws {
        let other = SigningKey()
        let foreign = try SignedManifest.sign(
            Self.manifest(of: CapsuleIndexTests.example(), key: other), with: other)
        #expect(throws: ManifestError.untrustedKey(other.id)) {
            try SignedManifest.verify(foreign, trusting: trusted(), expecting: small3, now: 0)
        }
        // Its name swapped for a trusted one.
        let text = String(decoding: foreign, as: UTF8.self).replacing(other.id.text, with: key.id.text)
        #expect(throws: ManifestError.badSignature(key.id)) {
            try SignedManifest.verify(Array(text.utf8), trusting: trusted(), expecting: small3, now: 0)
        }
        #expect(throws: ManifestError.untrustedKey(other.id)) {
            try SignedManifest.verify(foreign, trusting: TrustedKeys(), expecting: small3, now: 0)
        }
    }

    @Test func expiry() throws {
        var manifest = try manifest()
        manifest.expires = 1000
        let bytes = try SignedManifest.sign(manifest, with: key)
        #expect(try SignedManifest.verify(bytes, trusting: trusted(), expecting: small3, now: 999) == manifest)
        #expect(throws: ManifestError.expired(at: 1000, now: 1000)) {
            try SignedManifest.verify(bytes, trusting: trusted(), expecting: small3, now: 1000)
        }
    }

    @Test(arguments: ["small@2", "small@4", "compute@3"])
    func anotherGenerationIsRefused(asked: String) throws {
        let expected = try #require(CapsuleGeneration(asked))
        let bytes = try SignedManifest.sign(manifest(), with: key)
        #expect(throws: ManifestError.unexpected(found: "small@3", expected: expected)) {
            try SignedManifest.verify(bytes, trusting: trusted(), expecting: expected, now: 0)
        }
    }

    @Test func newerFormatIsToldApart() throws {
        var manifest = try manifest()
        manifest.formatVersion = 2
        let bytes = try SignedManifest.sign(manifest, with: key)
        #expect(throws: ManifestError.newerFormat(version: 2)) {
            try SignedManifest.verify(bytes, trusting: trusted(), expecting: small3, now: 0)
        }
        let text = String(decoding: bytes, as: UTF8.self).replacing("PERSEID-MANIFEST 1", with: "PERSEID-MANIFEST 9")
        #expect(throws: ManifestError.newerFormat(version: 9)) {
            try SignedManifest.verify(Array(text.utf8), trusting: trusted(), expecting: small3, now: 0)
        }
    }

    @Test func tooLargeIsRefusedOnBothSides() throws {
        var manifest = try manifest()
        manifest.kernelCommandLine = String(repeating: "x", count: 4096)
        #expect(throws: ManifestError.self) { try SignedManifest.sign(manifest, with: key) }
        let long = Array(repeating: UInt8(0x0A), count: 8193)
        #expect(throws: ManifestError.tooLarge(bytes: 8193, limit: 8192)) {
            try SignedManifest.verify(long, trusting: trusted(), expecting: nil, now: 0)
        }
    }

    @Test func everyTruncationAndEveryFlippedBitIsRefused() throws {
        let bytes = try SignedManifest.sign(manifest(), with: key)
        let keys = try trusted()
        for length in stride(from: 0, to: bytes.count, by: 3) {
            #expect(throws: ManifestError.self) {
                try SignedManifest.verify(Array(bytes[..<length]), trusting: keys, expecting: small3, now: 0)
            }
        }
        // Base64's last character before the padding has bits that no byte comes from; they are skipped here.
        let spare = try #require(bytes.firstIndex(of: UInt8(ascii: "="))) - 1
        for position in bytes.indices where position != spare {
            var flipped = bytes
            flipped[position] ^= 1 << UInt8(position % 8)
            #expect(throws: ManifestError.self, "position \(position)") {
                try SignedManifest.verify(flipped, trusting: keys, expecting: small3, now: 0)
            }
        }
    }

    @Test(arguments: ["", "\n\n\n\n", "<html>404</html>", "PERSEID-MANIFEST x\nkey a\nsignature b\n\n{}"])
    func otherTextIsMalformed(text: String) throws {
        do {
            _ = try SignedManifest.verify(Array(text.utf8), trusting: trusted(), expecting: nil, now: 0)
            Issue.record("accepted")
        } catch ManifestError.malformed {
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func keysRoundTripAsFiles() throws {
        let again = try SigningKey(privateKeyFile: key.privateKeyFile)
        #expect(again.id == key.id)
        #expect(again.publicKeyFile == key.publicKeyFile)
        #expect(throws: KeyError.self) { try SigningKey(privateKeyFile: key.publicKeyFile) }
        var keys = TrustedKeys()
        #expect(throws: KeyError.self) { try keys.add(publicKeyFile: key.privateKeyFile) }
        #expect(throws: KeyError.self) { try keys.add(publicKeyFile: []) }
        #expect(keys.isEmpty)
    }
}
