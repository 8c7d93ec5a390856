import CapsuleFormat
import Testing

@testable import CapsuleStore

@Suite struct CapsuleStoreTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path + "/state/")
    }

    private func name(_ text: String) throws -> CapsuleName { try #require(CapsuleName(text)) }
    private func reference(_ text: String) throws -> CapsuleReference { try #require(CapsuleReference(text)) }
    private func generation(_ text: String) throws -> CapsuleGeneration { try #require(CapsuleGeneration(text)) }

    @Test func opensAndOpensAgain() throws {
        #expect(store.directory == directory.path + "/state")
        #expect(try directory.permissions("state/keys") == 0o700)
        #expect(try CapsuleStore(at: store.directory).list().isEmpty)
    }

    @Test func keyIsMadeOnceForItsOwnerAlone() throws {
        let id = try store.makeSigningKey()
        #expect(try store.makeSigningKey() == id)
        #expect(try directory.names("state/keys") == ["\(id).pub", "signing.key"])
        #expect(try directory.permissions("state/keys/signing.key") == 0o600)
        #expect(try store.publicKeys().map(\.id) == [id])
        #expect(try store.trustedKeys().ids == [id])
    }

    @Test func exposedKeyIsRefused() throws {
        try store.makeSigningKey()
        let path = "\(store.directory)/keys/signing.key"
        _ = try output(of: "chmod", ["644", path])
        #expect(throws: StoreError.exposedKey(path: path)) { try store.signingKey() }
    }

    @Test func damagedKeyIsNamedAndNotQuoted() throws {
        try store.makeSigningKey()
        let path = try directory.write("state/keys/signing.key", "perseid-ed25519-private secret!\n")
        _ = try output(of: "chmod", ["600", path])
        do {
            _ = try store.signingKey()
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains(path))
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func whatIsNotThereIsNamedWithWhatIs() throws {
        #expect(throws: StoreError.noSuchCapsule(try name("a"), known: [])) { try store.resolve(reference("a")) }
        try StoreFixture.publish("b", contents: [1], in: store)
        #expect(throws: StoreError.noSuchCapsule(try name("a"), known: [try name("b")])) {
            try store.resolve(reference("a"))
        }
        #expect(throws: StoreError.noSuchGeneration(try generation("b@2"), known: [1])) {
            try store.resolve(reference("b@2"))
        }
        #expect(
            throws: StoreError.noSuchChannel(try name("b"), channel: try name("old"), known: [try name("stable")])
        ) { try store.resolve(reference("b:old")) }
    }

    @Test func generationsAreNumberedAndTheChannelFollows() throws {
        for number in 1...3 {
            try StoreFixture.publish("a", contents: [UInt8(number)], in: store)
            #expect(try store.resolve(reference("a")) == generation("a@\(number)"))
        }
        let again = try CapsuleStore(at: store.directory)
        #expect(try again.generations(of: name("a")).map(\.number) == [1, 2, 3])
        try again.setChannel(name("stable"), to: generation("a@2"))
        try again.setChannel(name("canary"), to: generation("a@3"))
        #expect(try store.resolve(reference("a")).number == 2)
        #expect(try store.resolve(reference("a:canary")).number == 3)
        let listing = try #require(try store.list().first)
        #expect(listing.channels.keys.sorted().map(\.text) == ["canary", "stable"])
        #expect(throws: StoreError.self) { try store.setChannel(name("stable"), to: generation("a@4")) }
    }

    @Test func manifestVerifiesAndPinsTheIndex() throws {
        try StoreFixture.publish("a", contents: deterministicBytes(1000, seed: 1), in: store)
        let generation = try generation("a@1")
        let manifest = try store.manifest(of: generation)
        #expect(manifest.reference == "a@1")
        let bytes = try directory.read("state/capsules/a/generations/1/index")
        #expect(try CapsuleIndex(bytes, pinnedBy: manifest) == store.index(of: generation))
        #expect(try directory.permissions("state/capsules/a/generations/1/index") == 0o444)
    }

    @Test func damagedChannelIsReported() throws {
        try StoreFixture.publish("a", contents: [1], in: store)
        for text in ["", "x\n", "-1\n", "1", "../1\n"] {
            let path = try directory.write("state/capsules/a/channels/stable", text)
            #expect(throws: StoreError.damaged(path: path, reason: "it holds no generation's number")) {
                try store.resolve(reference("a"))
            }
        }
    }
}
