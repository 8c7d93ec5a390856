import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct KeyRotationTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path + "/state")
        try StoreFixture.publish("a", contents: deterministicBytes(100_000, seed: 1), in: store)
    }

    private func roles() throws -> [StoredKey.Role] { try store.storedKeys().map(\.role) }

    @Test func rotationOverlaps() throws {
        let next = try store.prepareNextKey()
        #expect(try store.prepareNextKey() == next)
        #expect(try roles() == [.signing, .next])
        #expect(try directory.permissions("state/keys/next.key") == 0o600)
        let (old, new) = try store.rotateSigningKey()
        #expect(new == next && old != new)
        #expect(try directory.permissions("state/keys/signing.key") == 0o600)
        #expect(!directory.exists("state/keys/next.key"))
        let second = try StoreFixture.publish("a", contents: deterministicBytes(100_000, seed: 2), in: store).generation
        #expect(try store.manifest(of: second).keyID == new)
        // What the old key signed is good still.
        #expect(try store.manifest(of: #require(CapsuleGeneration("a@1"))).keyID == old)
        #expect(try roles() == [.signing, .trusted])
        try store.retire(old)
        #expect(try roles() == [.signing, .retired])
        #expect(throws: StoreError.manifest(.untrustedKey(old))) {
            try store.manifest(of: #require(CapsuleGeneration("a@1")))
        }
    }

    @Test func keysThatAreNeededStay() throws {
        let signing = try #require(try store.storedKeys().first?.id)
        #expect(throws: StoreError.self) { try store.retire(signing) }
        #expect(throws: StoreError.self) { try store.expire(signing, at: 1) }
        let (old, _) = try store.rotateSigningKey()
        let error = #expect(throws: StoreError.self) { try store.retire(old) }
        #expect(error?.description.contains("a:stable") == true)
        #expect(throws: StoreError.self) { try store.retire(#require(KeyID("0123456789abcdef"))) }
    }

    @Test func expiryBindsWhoeverHasAClock() throws {
        let (old, _) = try store.rotateSigningKey()
        try store.expire(old, at: 1000)
        #expect(try roles() == [.signing, .expired])
        let manifest = try directory.read("state/capsules/a/generations/1/manifest")
        let keys = try store.trustedKeys()
        #expect(throws: ManifestError.expiredKey(old, at: 1000)) {
            try SignedManifest.verify(manifest, trusting: keys, expecting: nil, now: 1000)
        }
        #expect(try SignedManifest.verify(manifest, trusting: keys, expecting: nil, now: 999).keyID == old)
        try store.expire(old, at: nil)
        #expect(try roles() == [.signing, .trusted])
    }

    @Test func keyFileWithAnOddSecondLineIsRefused() throws {
        let file = SigningKey().publicKeyFile
        for line in ["expires", "expires x", "expires -5", "ends 5", "expires 5 6"] {
            var keys = TrustedKeys()
            #expect(throws: KeyError.self) { try keys.add(publicKeyFile: file + Array("\(line)\n".utf8)) }
        }
    }
}
