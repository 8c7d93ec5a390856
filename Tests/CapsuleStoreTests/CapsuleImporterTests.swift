import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct CapsuleImporterTests {
    private let directory: TemporaryDirectory
    /// Where the generations come from.
    private let source: CapsuleStore
    /// Where they go.
    private let target: CapsuleStore
    private let name: CapsuleName

    init() throws {
        directory = try TemporaryDirectory()
        source = try CapsuleStore(at: directory.path + "/source")
        target = try CapsuleStore(at: directory.path + "/target")
        name = try #require(CapsuleName("a"))
    }

    private func generation(_ number: Int) throws -> CapsuleGeneration {
        try #require(CapsuleGeneration(name: name, number: number))
    }

    private func publish(_ contents: [UInt8]) throws { try StoreFixture.publish("a", contents: contents, in: source) }

    private func export(_ number: Int) throws -> String {
        let file = "\(directory.path)/a-\(number).capsule"
        try source.export(generation(number), to: file)
        return file
    }

    private func keyFile() throws -> String {
        "\(source.directory)/keys/\(try #require(try source.publicKeys().first?.id)).pub"
    }

    private func options(_ change: (inout CapsuleImporter.Options) -> Void = { _ in }) throws -> CapsuleImporter.Options
    {
        var options = CapsuleImporter.Options()
        options.trusting = try keyFile()
        change(&options)
        return options
    }

    private func bring(_ file: String, _ options: CapsuleImporter.Options) async throws -> CapsuleImporter.Imported {
        try await CapsuleImporter(store: target).importFile(file, options: options)
    }

    /// Nothing but the empty directories, and what locks leave.
    private func expectNothingKept() throws {
        #expect(try target.list().isEmpty)
        #expect(try directory.names("target/bundles").isEmpty)
        #expect(try directory.names("target/build").isEmpty)
        #expect(try directory.names("target/capsules").isEmpty)
        #expect(try target.publicKeys().isEmpty)
    }

    @Test func generationArrivesAsItWasSigned() async throws {
        try publish(deterministicBytes(3_000_000, seed: 1))
        let file = try export(1)
        let stable = try #require(CapsuleName("stable"))
        let imported = try await bring(file, try options { $0.channel = stable })
        #expect(imported.generation == (try generation(1)) && !imported.wasHere)
        for part in ["manifest", "index"] {
            let path = "capsules/a/generations/1/\(part)"
            #expect(try directory.read("target/\(path)") == directory.read("source/\(path)"))
        }
        #expect(try target.verify(generation(1)).isWhole)
        #expect(try target.resolve(.channel(name, channel: stable)) == generation(1))
        #expect(try target.history(of: stable, of: name)?.moves.first?.cause == .import)
        #expect(try directory.names("target/build").isEmpty)
        // And may go on from there: the key is trusted now.
        let again = directory.path + "/again.capsule"
        try target.export(generation(1), to: again)
        #expect(try Data(contentsOf: URL(fileURLWithPath: again)) == Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(try await bring(again, CapsuleImporter.Options()).wasHere)
    }

    /// The second generation shares bundles with the first, which the target does not have: they arrive with holes,
    /// and the first one, which comes later, fills them.
    @Test func sharedBundlesArriveInParts() async throws {
        let contents = deterministicBytes(4_000_000, seed: 1)
        try publish(contents)
        try publish(Array(contents.prefix(2_000_000)) + deterministicBytes(1_000_000, seed: 2))
        let shared = try #require(try source.index(of: generation(1)).bundles.first)
        let second = try await bring(export(2), options())
        #expect(try target.verify(second.generation).isWhole)
        let path = target.bundlePath(shared.id)
        #expect(DurableFiles.status(path)?.size == Int64(shared.size))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: path))
                != Data(contentsOf: URL(fileURLWithPath: source.bundlePath(shared.id))))
        await #expect(throws: ImportError.older(try generation(1), than: 2)) { try await bring(export(1), options()) }
        let first = directory.path + "/a-1.capsule"
        _ = try await bring(first, options { $0.allowsOlder = true })
        #expect(try target.verify(generation(1)).isWhole)
        #expect(try target.verify(generation(2)).isWhole)
        #expect(try directory.permissions("target/bundles/\(shared.id)") == 0o444)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: path))
                == Data(contentsOf: URL(fileURLWithPath: source.bundlePath(shared.id))))
    }

    @Test func unknownKeyIsRefusedAndSaysWhatToDo() async throws {
        try publish([1, 2, 3])
        let file = try export(1)
        let key = try #require(try source.publicKeys().first?.id)
        let error = await #expect(throws: ImportError.self) { try await bring(file, CapsuleImporter.Options()) }
        #expect(error == .file(path: file, .manifest(.untrustedKey(key))))
        #expect(error?.description.contains("--trust \(key).pub") == true)
        try expectNothingKept()
        let other = try directory.write("other.pub", "perseid-ed25519 AAAA\n")
        await #expect(throws: ImportError.self) { try await bring(file, options { $0.trusting = other }) }
        try expectNothingKept()
    }

    @Test func generationFromTheFutureIsRefused() async throws {
        let now = Int64(Date().timeIntervalSince1970)
        try StoreFixture.publish("a", contents: [1, 2, 3], created: now + 90_000, in: source)
        let error = await #expect(throws: ImportError.self) { try await bring(export(1), options()) }
        #expect(error?.description.contains("clock") == true)
        try expectNothingKept()
        try StoreFixture.publish("a", contents: [1, 2, 3], created: now + 3600, in: source)
        #expect(try await bring(export(2), options()).generation == generation(2))
    }

    @Test func otherNameIsRefused() async throws {
        try publish([1, 2, 3])
        let file = try export(1)
        for text in ["b", "a@2", "b@1"] {
            let expectation = try #require(CapsuleImporter.Expectation(text))
            await #expect(throws: ImportError.unexpected(path: file, found: try generation(1), expected: text)) {
                try await bring(file, options { $0.expecting = expectation })
            }
            try expectNothingKept()
        }
        let expected = CapsuleImporter.Expectation("a@1")
        #expect(try await bring(file, options { $0.expecting = expected }).generation == generation(1))
        #expect(CapsuleImporter.Expectation("a:stable") == nil)
    }

    @Test func otherGenerationOfTheSameNumberStays() async throws {
        try publish([1, 2, 3])
        try StoreFixture.publish("a", contents: [9], in: target)
        let before = try directory.read("target/capsules/a/generations/1/manifest")
        let keys = try target.publicKeys().count
        await #expect(throws: ImportError.store(.otherGeneration(try generation(1)))) {
            try await bring(export(1), options())
        }
        #expect(try directory.read("target/capsules/a/generations/1/manifest") == before)
        #expect(try target.publicKeys().count == keys)
    }

    @Test func expiredGenerationIsRefused() async throws {
        try publish([1])
        let signed = try directory.read("source/capsules/a/generations/1/manifest")
        var manifest = try SignedManifest.verify(signed, trusting: source.trustedKeys(), expecting: nil, now: 0)
        manifest.expires = 1000
        let index = try directory.read("source/capsules/a/generations/1/index")
        let again = try SignedManifest.sign(manifest, with: source.signingKey())
        let header = try CapsuleFileHeader(manifestLength: again.count, indexLength: index.count)
        let file = try directory.write("expired.capsule", header.encoded() + again + index + [1])
        let error = await #expect(throws: ImportError.self) { try await bring(file, options()) }
        guard case .file(_, .manifest(.expired(at: 1000, now: _)))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try expectNothingKept()
    }

    /// Places in every part of the file; every single one is in `CapsuleFileReaderTests`.
    @Test func damagedFileLeavesNothing() async throws {
        try publish(deterministicBytes(700_000, seed: 4))
        let whole = try Array(Data(contentsOf: URL(fileURLWithPath: export(1))))
        let manifest = Int(whole[12]) | Int(whole[13]) << 8
        let index = 24 + manifest
        for place in [0, 9, 12, 16, 40, index - 2, index + 1, index + 60, whole.count - 300_000, whole.count - 1] {
            var bytes = whole
            bytes[place] ^= 0x10
            let flipped = try directory.write("flipped.capsule", bytes)
            await #expect(throws: ImportError.self, "byte \(place)") { try await bring(flipped, options()) }
            try expectNothingKept()
            let cut = try directory.write("cut.capsule", Array(whole[..<place]))
            await #expect(throws: ImportError.self, "cut at \(place)") { try await bring(cut, options()) }
            try expectNothingKept()
        }
        let longer = try directory.write("longer.capsule", whole + [0])
        await #expect(throws: ImportError.file(path: longer, .trailingBytes(after: Int64(whole.count)))) {
            try await bring(longer, options())
        }
        try expectNothingKept()
        let missing = directory.path + "/missing.capsule"
        await #expect(throws: ImportError.store(.system(action: "read", path: missing, errno: ENOENT))) {
            try await bring(missing, options())
        }
    }

    @Test func exportNeverReplacesAFile() throws {
        try publish([1])
        let file = try directory.write("kept.capsule", "mine")
        #expect(throws: StoreError.system(action: "create", path: file, errno: EEXIST)) {
            try source.export(generation(1), to: file)
        }
        #expect(try directory.read("kept.capsule") == Array("mine".utf8))
    }

    @Test func damagedGenerationIsNotExported() throws {
        try publish(deterministicBytes(1000, seed: 1))
        let bundle = try #require(try directory.names("source/bundles").first)
        _ = try output(of: "rm", ["-f", "\(directory.path)/source/bundles/\(bundle)"])
        try directory.write("source/bundles/\(bundle)", deterministicBytes(1000, seed: 2))
        #expect(throws: StoreError.self) { try export(1) }
        #expect(try directory.names().filter { $0.hasSuffix("capsule") || $0.hasPrefix(".") }.isEmpty)
    }
}
