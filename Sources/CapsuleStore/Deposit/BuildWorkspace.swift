internal import CapsuleFormat
internal import Glibc

/// A generation that is complete but for being visible.
struct Publication {
    var generation: CapsuleGeneration
    /// As signed.
    var manifest: [UInt8]
    var index: CapsuleIndex
    /// Those that this build wrote.
    var newBundles: [CapsuleIndex.Bundle]
    /// The channel that is to point at it; nil for none.
    var channel: CapsuleName?
    /// What the channel's history says of it.
    var cause = ChannelHistory.Cause.build
}

/// The private directory of one build, and the lock that keeps a second build of the same name out.
///
/// What a build that died left behind is cleared by the next one of its name: its directory, and bundles that it had
/// moved into the store for a generation that never came.
final class BuildWorkspace {
    let name: CapsuleName
    let directory: String
    let store: CapsuleStore
    private let lock: OpenFile

    /// - Throws: `.buildInProgress`, `.system`.
    init(_ store: CapsuleStore, building name: CapsuleName) throws(StoreError) {
        self.store = store
        self.name = name
        directory = store.layout.build(name)
        lock = try OpenFile.locking(store.layout.lock(name))
        guard try lock.lock(waiting: false) else {
            let note = try DurableFiles.read(store.layout.lock(name), limit: 64)
            let process = String(decoding: note.prefix { $0 != 0x0A }, as: UTF8.self)
            throw .buildInProgress(name, process: process.isEmpty ? nil : process)
        }
        try lock.rewrite("\(getpid())\n")
    }

    private static let attempts = 5

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    var bundles: String { path("bundles") }

    /// The ids of bundles that this build moves into the store, written before the first of them goes.
    private var journal: String { path("new-bundles") }

    /// Clears what an earlier build left and lays the directory out.
    func prepare() async throws {
        try await clear()
        try DurableFiles.makeDirectory(directory, permissions: 0o700)
        try DurableFiles.makeDirectory(bundles)
    }

    /// Removes everything that is not published.
    func clear() async throws {
        guard DurableFiles.status(directory) != nil else { return }
        try withdrawUnpublishedBundles()
        // A program that a killed build had started may still be writing there; it stumbles soon.
        for _ in 1..<Self.attempts {
            if (try? await removeDirectory()) != nil { return }
            try await Task.sleep(for: .seconds(1))
        }
        try await removeDirectory()
    }

    private func removeDirectory() async throws(CapsuleBuildError) {
        // Not across mounts: somebody may have mounted the host's directories inside.
        try await Program.rm.run(["-rf", "--one-file-system", "--", directory])
    }

    /// Makes the generation visible: bundles first, then the generation, then what depends on it.
    /// - Parameter prepare: looks once more, when nothing can change any more, and says which bundles are to move.
    func publish(
        _ publication: Publication,
        prepare: (Publication) throws(StoreError) -> Publication = { publication throws(StoreError) in publication }
    ) throws(StoreError) {
        try store.whilePublishing { () throws(StoreError) in
            let publication = try prepare(publication)
            try moveBundles(publication.newBundles)
            try reveal(publication)
            var catalogue = try store.loadCatalogue()
            catalogue.add(publication.index, of: publication.generation)
            try store.save(catalogue)
            if let channel = publication.channel {
                try store.point(channel, at: publication.generation, by: publication.cause)
            }
        }
    }

    /// Moves bundles from the private directory into the store, where nothing refers to them yet.
    func moveBundles(_ newBundles: [CapsuleIndex.Bundle]) throws(StoreError) {
        let ids = newBundles.map { "\($0.id.hex)\n" }.joined()
        try DurableFiles.create(journal, Array(ids.utf8), permissions: 0o600)
        try DurableFiles.sync(directory: directory)
        for bundle in newBundles {
            try DurableFiles.move("\(bundles)/\(bundle.id.hex)", to: store.layout.bundle(bundle.id))
        }
    }

    private func reveal(_ publication: Publication) throws(StoreError) {
        let layout = store.layout
        let fresh = path("generation")
        try DurableFiles.makeDirectory(fresh)
        try DurableFiles.create("\(fresh)/manifest", publication.manifest, permissions: 0o444)
        try DurableFiles.create("\(fresh)/index", publication.index.encoded(), permissions: 0o444)
        try DurableFiles.sync(directory: fresh)
        try DurableFiles.makeDirectory(layout.generations(name))
        try DurableFiles.sync(directory: layout.capsule(name))
        try DurableFiles.sync(directory: layout.capsules)
        try DurableFiles.move(fresh, to: layout.generation(publication.generation))
    }

    private func withdrawUnpublishedBundles() throws(StoreError) {
        guard DurableFiles.status(journal) != nil else { return }
        let text = String(decoding: try DurableFiles.read(journal, limit: 1 << 24), as: UTF8.self)
        let moved = text.split(separator: "\n").compactMap { ContentDigest(hex: String($0)) }
        try store.whilePublishing { () throws(StoreError) in
            var used: Set<ContentDigest> = []
            for generation in try store.list().flatMap(\.generations) {
                used.formUnion(try store.index(of: generation).bundles.map(\.id))
            }
            for id in moved where !used.contains(id) { try DurableFiles.remove(store.layout.bundle(id)) }
        }
    }
}
