import FoundationEssentials
import Testing

@testable import CapsuleFormat

@Suite struct SealedLayerTests {
    static let recipient = SealedLayer.Recipient(attempt: 7, mac: "52:54:00:12:34:56")

    private func layer() throws -> NodeLayer {
        try NodeLayer([
            .init(path: "/etc/munge/munge.key", mode: 0o600, owner: 0, group: 0, contents: Data("a secret".utf8)),
            .init(path: "/etc/hosts", mode: 0o644, owner: 0, group: 0, contents: Data()),
        ])
    }

    private func trusting(_ key: SigningKey) throws -> TrustedKeys {
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: key.publicKeyFile)
        return keys
    }

    @Test func opensForItsNodeAlone() throws {
        let (signer, key) = (SigningKey(), LayerKey())
        let sealed = try SealedLayer(
            layer(), for: Self.recipient, publicKey: key.publicKey, signedWith: signer)
        let keys = try trusting(signer)
        #expect(try sealed.open(for: Self.recipient, with: key, trusting: keys) == layer())
        // Over a kexec the key is another value with the same secret.
        let carried = try #require(LayerKey(secret: key.secret))
        #expect(try sealed.open(for: Self.recipient, with: carried, trusting: keys) == layer())
        #expect(throws: LayerError.notForUs) {
            try sealed.open(for: Self.recipient, with: LayerKey(), trusting: keys)
        }
        #expect(throws: LayerError.untrusted(signer.id)) {
            try sealed.open(for: Self.recipient, with: key, trusting: trusting(SigningKey()))
        }
        for other in [
            SealedLayer.Recipient(attempt: 8, mac: Self.recipient.mac),
            SealedLayer.Recipient(attempt: 7, mac: "52:54:00:12:34:57"),
        ] {
            #expect(throws: LayerError.untrusted(signer.id)) {
                try sealed.open(for: other, with: key, trusting: keys)
            }
        }
    }

    @Test func showsNothingOnTheWire() throws {
        let sealed = try SealedLayer(
            layer(), for: Self.recipient, publicKey: LayerKey().publicKey, signedWith: SigningKey())
        let wire = try JSONEncoder().encode(sealed)
        for word in ["a secret", "munge", Data("a secret".utf8).base64EncodedString()] {
            #expect(wire.firstRange(of: Data(word.utf8)) == nil)
        }
    }

    @Test func noticesEveryChangedByte() throws {
        let (signer, key) = (SigningKey(), LayerKey())
        let wire = try JSONEncoder().encode(
            SealedLayer(layer(), for: Self.recipient, publicKey: key.publicKey, signedWith: signer))
        let keys = try trusting(signer)
        for position in stride(from: 0, to: wire.count, by: 7) {
            var damaged = wire
            damaged[position] ^= 0x04
            guard let sealed = try? JSONDecoder().decode(SealedLayer.self, from: damaged) else { continue }
            let opened = try? sealed.open(for: Self.recipient, with: key, trusting: keys)
            // Base64 has bits at its end that no byte needs.
            #expect(try opened == nil || opened == layer())
        }
    }

    @Test(arguments: ["", "AAAA", "not base64"])
    func sealsForNoKeyThatIsNone(publicKey: String) {
        #expect(throws: LayerError.badKey) {
            try SealedLayer(layer(), for: Self.recipient, publicKey: publicKey, signedWith: SigningKey())
        }
    }

    @Test(arguments: [
        "", "etc/hosts", "/", "/etc/", "/etc//hosts", "/etc/../hosts", "/./hosts", "/etc/ho\0sts", "/a\nb",
        "/" + String(repeating: "a", count: 256),
    ])
    func takesNoPathThatIsNone(path: String) {
        #expect(throws: LayerError.self) {
            try NodeLayer([.init(path: path, mode: 0o644, owner: 0, group: 0, contents: Data())])
        }
    }

    @Test func isBounded() {
        let large = Data(repeating: 0, count: NodeLayer.contentLimit / 2 + 1)
        #expect(throws: LayerError.self) {
            try NodeLayer(["/a", "/b"].map { .init(path: $0, mode: 0o644, owner: 0, group: 0, contents: large) })
        }
        #expect(throws: LayerError.self) {
            try NodeLayer(
                (0...NodeLayer.fileLimit).map {
                    .init(path: "/\($0)", mode: 0o644, owner: 0, group: 0, contents: Data())
                })
        }
        #expect(throws: LayerError.repeated("/a")) {
            try NodeLayer(["/a", "/a"].map { .init(path: $0, mode: 0o644, owner: 0, group: 0, contents: Data()) })
        }
    }
}
