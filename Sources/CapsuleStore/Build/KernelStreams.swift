internal import CapsuleFormat

/// The two streams that follow from the kernel alone, its early modules and its module tree: made once for a kernel, and
/// taken from the cache for every further build.
struct KernelStreams {
    private let kernel: KernelTree
    private let inMergedUsr: Bool
    private let workspace: BuildWorkspace
    private let cache: DerivedFileCache
    private let refresh: Bool
    /// Of all that the streams are made of, but for how.
    private let tree: ContentDigest

    /// Raised when other bytes come out of the same tree. The versions of mksquashfs and zstd are not asked: an image
    /// that nodes have already is better than the same files packed otherwise.
    private static let recipe = 2

    /// - Parameters:
    ///   - inMergedUsr: whether the root has `lib` as a link to `usr/lib`: an overlay then sees `usr/lib/modules` and
    ///     never `lib`.
    ///   - refresh: makes both anew.
    init(
        of kernel: KernelTree, inMergedUsr: Bool, workspace: BuildWorkspace, refresh: Bool
    ) throws(StoreError) {
        self.kernel = kernel
        self.inMergedUsr = inMergedUsr
        self.workspace = workspace
        self.refresh = refresh
        cache = DerivedFileCache(workspace.store)
        tree = try TreeDigest.of(kernel.modules, except: Set(ModuleTree.leftOut))
    }

    /// The early modules, as the file of a stream.
    func initramfs() async throws -> String {
        let selection = EarlyModules.selection.joined(separator: " ")
        return try await cached("initramfs", with: selection, as: workspace.path("initramfs.zst")) {
            let archive = try await EarlyModuleArchive(of: try await staged(), in: workspace.path("early"))
            var writer = CpioWriter()
            try archive.write(to: &writer)
            _ = try await ZstdFile.write(writer.finish(), to: workspace.path("initramfs"))
        }
    }

    /// The module tree, at the place where the root looks for it.
    func modules() async throws -> String {
        let image = workspace.path("modules.squashfs")
        return try await cached("modules", with: inMergedUsr ? "usr/lib" : "lib", as: image) {
            _ = try await staged()
            if inMergedUsr {
                try DurableFiles.makeDirectory("\(staging)/usr")
                try DurableFiles.move("\(staging)/lib", to: "\(staging)/usr/lib")
            }
            try await SquashImage(tree: staging, withoutTimes: true, ownedByRoot: true).write(to: image)
        }
    }

    private var staging: String { workspace.path("modules-tree") }

    /// A copy of the tree that we may change. `modules` comes last: it moves the tree.
    private func staged() async throws -> KernelTree {
        let modules = "\(staging)/lib/modules/\(kernel.release)"
        if DurableFiles.status(modules) != nil {
            return KernelTree(release: kernel.release, image: kernel.image, modules: modules)
        }
        return try await ModuleTree.stage(kernel, in: staging)
    }

    private func cached(
        _ stream: String, with detail: String, as path: String, _ make: () async throws -> Void
    ) async throws -> String {
        let inputs = ContentDigest(
            hashing: Array("\(Self.recipe)\0\(stream)\0\(detail)\0\(kernel.release)\0\(tree)".utf8))
        if refresh {
            try cache.forget(inputs)
        } else if try cache.take(inputs, as: path) {
            return path
        }
        try await make()
        try cache.keep(path, for: inputs)
        return path
    }
}
