internal import CapsuleFormat
internal import Glibc

/// The private directory of one build, and the lock that keeps a second build of the same name out.
///
/// What a build that died left behind is cleared by the next one of its name: its directory, and bundles that it had
/// moved into the store for a generation that never came.
final class BuildWorkspace {
    let name: CapsuleName
    let directory: String
    private let store: CapsuleStore
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
            throw .buildInProgress(name, process: process.isEmpty ? "unknown" : process)
        }
        try lock.rewrite("\(getpid())\n")
    }

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
        // Not across mounts: a build that was killed may have left some of the host's directories mounted inside.
        try await Program.rm.run(["-rf", "--one-file-system", "--", directory])
    }

    /// Makes the generation visible: bundles first, then the generation, then what depends on it.
    func publish(
        _ generation: CapsuleGeneration, manifest: [UInt8], index: CapsuleIndex, indexBytes: [UInt8],
        newBundles: [CapsuleIndex.Bundle], channel: CapsuleName?
    ) throws(StoreError) {
        let layout = store.layout
        let publishing = try OpenFile.locking(layout.publishLock)
        _ = try publishing.lock(waiting: true)
        let ids = newBundles.map { "\($0.id.hex)\n" }.joined()
        try DurableFiles.create(journal, Array(ids.utf8), permissions: 0o600)
        try DurableFiles.sync(directory: directory)
        for bundle in newBundles {
            try DurableFiles.move("\(bundles)/\(bundle.id.hex)", to: layout.bundle(bundle.id))
        }
        let fresh = path("generation")
        try DurableFiles.makeDirectory(fresh)
        try DurableFiles.create("\(fresh)/manifest", manifest, permissions: 0o444)
        try DurableFiles.create("\(fresh)/index", indexBytes, permissions: 0o444)
        try DurableFiles.sync(directory: fresh)
        try DurableFiles.makeDirectory(layout.generations(name))
        try DurableFiles.sync(directory: layout.capsule(name))
        try DurableFiles.sync(directory: layout.capsules)
        try DurableFiles.move(fresh, to: layout.generation(generation))
        var catalogue = try store.loadCatalogue()
        catalogue.add(index, of: generation)
        try store.save(catalogue)
        if let channel { try store.setChannel(channel, to: generation) }
    }

    private func withdrawUnpublishedBundles() throws(StoreError) {
        guard DurableFiles.status(journal) != nil else { return }
        let publishing = try OpenFile.locking(store.layout.publishLock)
        _ = try publishing.lock(waiting: true)
        var used: Set<ContentDigest> = []
        for generation in try store.list().flatMap(\.generations) {
            used.formUnion(try store.index(of: generation).bundles.map(\.id))
        }
        let text = String(decoding: try DurableFiles.read(journal, limit: 1 << 24), as: UTF8.self)
        for id in text.split(separator: "\n").compactMap({ ContentDigest(hex: String($0)) }) where !used.contains(id) {
            try DurableFiles.remove(store.layout.bundle(id))
        }
    }
}
