public import CapsuleFormat
internal import Foundation
internal import Glibc

/// Builds a generation: root, module tree, kernel and early modules into streams, the streams into chunks, the chunks
/// into the store.
///
/// A build that fails, is cancelled or is killed leaves nothing that anybody can see; the next one of the same name
/// clears what it left.
public struct CapsuleBuilder: Sendable {
    public let store: CapsuleStore
    private let report: @Sendable (CapsuleBuildProgress) -> Void

    /// - Parameter progress: called from the build's own task, often.
    public init(store: CapsuleStore, progress: @escaping @Sendable (CapsuleBuildProgress) -> Void = { _ in }) {
        self.store = store
        report = progress
    }

    /// Builds the next generation of `name`.
    /// - Parameters:
    ///   - kernel: nil takes the kernel that the package list names, or the one in the root itself, or for busybox
    ///     `KernelSource.cloud`.
    /// - Throws: `CapsuleBuildError`.
    public func build(
        _ name: CapsuleName, from source: CapsuleSource, kernel: KernelSource? = nil,
        options: CapsuleBuildOptions = CapsuleBuildOptions()
    ) async throws(CapsuleBuildError) -> BuiltCapsule {
        try await build(name, Recipe(source: source, kernel: kernel, options: options))
    }

    /// Builds the next generation of `name` as a `capsule.yaml` says. What `options` say of the kernel's command line
    /// yields to the description.
    /// - Throws: `CapsuleBuildError`.
    public func build(
        _ name: CapsuleName, as description: CapsuleDescription, options: CapsuleBuildOptions = CapsuleBuildOptions()
    ) async throws(CapsuleBuildError) -> BuiltCapsule {
        var recipe = Recipe(
            source: try CapsuleSource(description), kernel: description.kernel.map { KernelSource(argument: $0) },
            options: options, description: description)
        if case .packages(var list) = recipe.source, list.release != nil, case .package(let name) = recipe.kernel {
            list.kernel = name
            list.takeKernelAsPackage()
            recipe.source = .packages(list)
            recipe.kernel = nil
        }
        if let arguments = description.kernelArguments { recipe.options.kernelCommandLine = arguments }
        return try await build(name, recipe)
    }

    /// What a build works from.
    struct Recipe {
        var source: CapsuleSource
        var kernel: KernelSource?
        var options: CapsuleBuildOptions
        var description: CapsuleDescription?
    }

    private func build(_ name: CapsuleName, _ recipe: Recipe) async throws(CapsuleBuildError) -> BuiltCapsule {
        do {
            try store.makeSigningKey()
            let workspace = try BuildWorkspace(store, building: name)
            try await workspace.prepare()
            do {
                let built = try await build(in: workspace, recipe)
                try await workspace.clear()
                return built
            } catch {
                // A cancelled task runs no more programs, and so cannot clear; the next build does.
                try? await workspace.clear()
                throw error
            }
        } catch let error as CapsuleBuildError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as ImageError {
            throw .image(error)
        } catch {
            throw Task.isCancelled ? .cancelled : .badSource(path: name.text, reason: "\(error)")
        }
    }

    private func build(in workspace: BuildWorkspace, _ recipe: Recipe) async throws -> BuiltCapsule {
        let sources = SourceRoot(
            workspace: workspace, sshConfiguration: recipe.options.sshConfiguration,
            excluded: recipe.options.excluded, report: report)
        var root = try await sources.make(recipe.source)
        var settings = recipe.options.settings
        if let description = recipe.description {
            if description.changesTheRoot { root = try await sources.own(root) }
            settings = try await RootCustomization(description, in: root.directory).apply()
        }
        report(CapsuleBuildProgress(phase: .kernel, done: 0, total: nil))
        let kernel =
            if let chosen = recipe.kernel ?? root.kernel {
                try await KernelPackage(store, refresh: recipe.options.refresh).kernel(from: chosen)
            } else {
                try KernelTree.find(in: root.directory)
            }
        let streams = StreamFiles(
            workspace: workspace, root: root, kernel: kernel, format: recipe.description?.imageFormat ?? .squashfs,
            excluded: recipe.description?.excluded ?? [], refresh: recipe.options.refresh, report: report)
        let files = try await streams.write()
        let built = try deposit(files, in: workspace, streams, settings, recipe.options)
        if let policy = recipe.description?.retention { try store.setRetention(policy, of: workspace.name) }
        return built
    }

    private func deposit(
        _ files: [StreamFiles.File], in workspace: BuildWorkspace, _ streams: StreamFiles,
        _ settings: CapsuleSettings?, _ options: CapsuleBuildOptions
    ) throws -> BuiltCapsule {
        // From the first chunk that is found in the store until the generation that needs it is there.
        let held = try store.holdBundles()
        defer { withExtendedLifetime(held) {} }
        var deposit = ChunkDeposit(catalogue: try store.loadCatalogue(), directory: workspace.bundles)
        var summaries: [CapsuleManifest.StreamSummary] = []
        for file in files {
            let total = DurableFiles.status(file.path)?.size
            summaries.append(
                try deposit.add(file.role, file: file.path) { done in
                    report(CapsuleBuildProgress(phase: .chunking(file.role), done: done, total: total))
                })
            try Task.checkCancellation()
        }
        report(CapsuleBuildProgress(phase: .publishing, done: 0, total: nil))
        let (index, newBundles) = try deposit.finish()
        let indexBytes = index.encoded()
        let key = try store.signingKey()
        let number = try store.nextNumber(of: workspace.name)
        guard let generation = CapsuleGeneration(name: workspace.name, number: number) else {
            throw StoreError.damaged(path: store.layout.generations(workspace.name), reason: "no number is left")
        }
        let manifest = CapsuleManifest(
            name: generation.name, generation: generation.number, arch: "x86_64", imageFormat: streams.format.name,
            streams: summaries,
            index: .init(
                sha256: ContentDigest(hashing: indexBytes), size: indexBytes.count, chunks: index.chunks.count),
            kernelRelease: streams.kernel.release, kernelCommandLine: options.kernelCommandLine, chunker: .standard,
            created: Int64(Date().timeIntervalSince1970), expires: options.expires, keyID: key.id,
            settings: settings)
        let envelope = try SignedManifest.sign(manifest, with: key)
        try workspace.publish(
            Publication(
                generation: generation, manifest: envelope, index: index, newBundles: newBundles,
                channel: options.channel))
        return BuiltCapsule(
            generation: generation, manifest: manifest, newBytes: deposit.newBytes, sharedBytes: deposit.knownBytes,
            devices: streams.root.devices.filter { !$0.hasPrefix("dev/") })
    }
}
