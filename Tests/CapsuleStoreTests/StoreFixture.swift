import CapsuleFormat

@testable import CapsuleStore

/// Publishes generations without building anything.
enum StoreFixture {
    /// One stream with `contents`, through the same deposit and the same publication as a build.
    @discardableResult
    static func publish(
        _ name: String, contents: [UInt8], created: Int64 = 0, in store: CapsuleStore
    ) throws -> (generation: CapsuleGeneration, newBytes: Int64) {
        let workspace = try workspace(name, in: store)
        let (publication, newBytes) = try deposit(contents, created: created, in: workspace, store)
        try workspace.publish(publication)
        return (publication.generation, newBytes)
    }

    static func workspace(_ name: String, in store: CapsuleStore) throws -> BuildWorkspace {
        guard let name = CapsuleName(name) else { throw StoreError.damaged(path: name, reason: "no name") }
        try store.makeSigningKey()
        let workspace = try BuildWorkspace(store, building: name)
        _ = try output(of: "rm", ["-rf", workspace.directory])
        try DurableFiles.makeDirectory(workspace.bundles)
        return workspace
    }

    static func deposit(
        _ contents: [UInt8], created: Int64 = 0, in workspace: BuildWorkspace, _ store: CapsuleStore
    ) throws -> (Publication, newBytes: Int64) {
        var deposit = ChunkDeposit(catalogue: try store.loadCatalogue(), directory: workspace.bundles)
        try DurableFiles.create(workspace.path("stream"), contents, permissions: 0o600)
        let summary = try deposit.add(.root, file: workspace.path("stream")) { _ in }
        let (index, newBundles) = try deposit.finish()
        let last = try store.generations(of: workspace.name).last?.number ?? 0
        guard let generation = CapsuleGeneration(name: workspace.name, number: last + 1),
            let channel = CapsuleName("stable")
        else { throw StoreError.damaged(path: workspace.directory, reason: "no number") }
        let key = try store.signingKey()
        let bytes = index.encoded()
        let manifest = CapsuleManifest(
            name: workspace.name, generation: generation.number, arch: "x86_64", imageFormat: "squashfs-zstd",
            streams: [summary],
            index: .init(sha256: ContentDigest(hashing: bytes), size: bytes.count, chunks: index.chunks.count),
            kernelRelease: "1", kernelCommandLine: "", chunker: .standard, created: created, expires: nil, keyID: key.id
        )
        let publication = Publication(
            generation: generation, manifest: try SignedManifest.sign(manifest, with: key), index: index,
            newBundles: newBundles, channel: channel)
        return (publication, deposit.newBytes)
    }
}
