public import CapsuleFormat
internal import Glibc

/// Imports `.capsule` files: read once from the front, each chunk verified against the signed index before it is
/// written, nothing visible before all of it is there. Runs no code of the file.
public struct CapsuleImporter: Sendable {
    /// What else there is to say about an import.
    public struct Options: Sendable {
        /// What the file is to hold, `compute` or `compute@12`; nil takes whatever it holds.
        public var expecting: Expectation?
        /// A `.pub` file whose key is trusted from now on, if the file verifies with it.
        public var trusting: String?
        /// The channel that points at the generation afterwards; nil moves none.
        public var channel: CapsuleName?
        /// Takes a generation that is older than one that is or was here.
        public var allowsOlder = false

        public init() {}
    }

    /// A capsule's name, or a generation.
    public enum Expectation: Hashable, Sendable {
        case name(CapsuleName)
        case generation(CapsuleGeneration)

        /// Nil where `text` is neither.
        public init?(_ text: String) {
            if let generation = CapsuleGeneration(text) {
                self = .generation(generation)
            } else if let name = CapsuleName(text) {
                self = .name(name)
            } else {
                return nil
            }
        }

        func admits(_ generation: CapsuleGeneration) -> Bool {
            switch self {
            case .name(let name): generation.name == name
            case .generation(let expected): generation == expected
            }
        }

        var text: String {
            switch self {
            case .name(let name): name.text
            case .generation(let generation): generation.description
            }
        }
    }

    /// What came of it.
    public struct Imported: Hashable, Sendable {
        public let generation: CapsuleGeneration
        public let manifest: CapsuleManifest
        /// The very same generation was here before; the file was verified and nothing changed but the channel.
        public let wasHere: Bool
    }

    /// By how much clocks of servers may differ, in seconds.
    private static let clockTolerance: Int64 = 86_400

    public let store: CapsuleStore
    private let progress: @Sendable (Int64, Int64) -> Void

    /// - Parameter progress: bytes of the file that are done, and all.
    public init(store: CapsuleStore, progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }) {
        self.store = store
        self.progress = progress
    }

    /// - Throws: `ImportError`.
    public func importFile(_ path: String, options: Options = Options()) async throws(ImportError) -> Imported {
        do {
            let key = try options.trusting.map { try publicKey($0) }
            var keys = try store.trustedKeys()
            if let key { try keys.add(publicKeyFile: key.file) }
            var file = try CapsuleFileBytes(path, trusting: keys, now: Int64(time(nil)))
            let head = try file.readManifest()
            let generation = try admit(head.manifest, from: path, options)
            let workspace = try BuildWorkspace(store, building: generation.name)
            try await workspace.prepare()
            do {
                let imported = try take(&file, head, generation, in: workspace, key: key, options)
                try await workspace.clear()
                return imported
            } catch {
                try? await workspace.clear()
                throw error
            }
        } catch let error as ImportError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as CapsuleFileError {
            throw .file(path: path, error)
        } catch {
            throw .other("\(path): \(error)")
        }
    }

    /// Whether a generation that its signer vouches for is one that is wanted here.
    private func admit(
        _ manifest: CapsuleManifest, from path: String, _ options: Options
    ) throws -> CapsuleGeneration {
        guard let generation = CapsuleGeneration(name: manifest.name, number: manifest.generation) else {
            throw CapsuleFileError.manifest(.malformed("it has no generation"))
        }
        if let expecting = options.expecting, !expecting.admits(generation) {
            throw ImportError.unexpected(path: path, found: generation, expected: expecting.text)
        }
        let ahead = manifest.created - Int64(time(nil))
        guard ahead <= Self.clockTolerance else { throw ImportError.fromTheFuture(generation, seconds: ahead) }
        if try store.generations(of: generation.name).contains(generation) { return generation }
        let newest = try store.nextNumber(of: generation.name) - 1
        guard generation.number > newest || options.allowsOlder else {
            throw ImportError.older(generation, than: newest)
        }
        return generation
    }

    private func take(
        _ file: inout CapsuleFileBytes, _ head: CapsuleFileBytes.Head, _ generation: CapsuleGeneration,
        in workspace: BuildWorkspace, key: PublicKey?, _ options: Options
    ) throws -> Imported {
        let wasHere = try store.generations(of: generation.name).contains(generation)
        if wasHere {
            let path = store.manifestPath(of: generation)
            guard try DurableFiles.read(path, limit: SignedManifest.maximumSize) == head.signed else {
                throw StoreError.otherGeneration(generation)
            }
        }
        let index = try file.readIndex()
        let distinct = try DistinctChunks(of: index)
        var bundles = SparseBundles(of: index, in: workspace.bundles)
        try file.readChunks { chunk, bytes, done, total throws(StoreError) in
            if !wasHere { try bundles.write(bytes, of: chunk) }
            progress(done, total)
        }
        try bundles.finish()
        if let key { try store.trust(key) }
        if wasHere {
            if let channel = options.channel { try store.setChannel(channel, to: generation) }
        } else {
            try publish(head.signed, index, distinct, generation, in: workspace, channel: options.channel)
        }
        return Imported(generation: generation, manifest: head.manifest, wasHere: wasHere)
    }

    private func publish(
        _ signed: [UInt8], _ index: CapsuleIndex, _ distinct: DistinctChunks, _ generation: CapsuleGeneration,
        in workspace: BuildWorkspace, channel: CapsuleName?
    ) throws(StoreError) {
        let reconciliation = BundleReconciliation(
            store: store, index: index, distinct: distinct, directory: workspace.bundles)
        try workspace.publish(
            Publication(
                generation: generation, manifest: signed, index: index, newBundles: [], channel: channel,
                cause: .import)
        ) { publication throws(StoreError) in
            var publication = publication
            publication.newBundles = try reconciliation.bundlesToMove()
            return publication
        }
    }

    private func publicKey(_ path: String) throws -> PublicKey {
        let file = try OpenFile.following(path)
        var bytes: [UInt8] = []
        while bytes.count <= 256 {
            if try file.read(512, into: &bytes) == 0 { break }
        }
        var keys = TrustedKeys()
        do {
            return PublicKey(id: try keys.add(publicKeyFile: bytes), file: bytes)
        } catch {
            throw ImportError.badKey(path: path, reason: "\(error)")
        }
    }
}
