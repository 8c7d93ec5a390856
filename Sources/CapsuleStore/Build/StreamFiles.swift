internal import CapsuleFormat

/// Writes the files that become the streams of a generation, in the order in which a node wants them: what a kexec
/// needs comes first.
struct StreamFiles {
    struct File: Hashable {
        var role: StreamRole
        var path: String
    }

    let workspace: BuildWorkspace
    let root: CapsuleBuilder.Root
    let kernel: KernelTree
    let report: @Sendable (CapsuleBuildProgress) -> Void

    /// What a root's image leaves out: the kernels, the module trees, and what the kernel or the init mounts over.
    private static let excluded = [
        "boot/*", "boot/.*", "usr/lib/modules/*", "lib/modules/*", "vmlinuz", "vmlinuz.old", "initrd.img",
        "initrd.img.old", "dev/*", "dev/.*", "proc/*", "sys/*", "run/*", "run/.*", "tmp/*", "tmp/.*", ".dockerenv",
    ]

    func write() async throws -> [File] {
        let image = workspace.path("vmlinuz")
        try DurableFiles.copy(kernel.image, to: image)
        let staging = workspace.path("modules-tree")
        let staged = try await ModuleTree.stage(kernel, in: staging)
        let initramfs = try await writeInitramfs(staged)
        let modules = try await writeModules(staging)
        report(CapsuleBuildProgress(phase: .packing(.root), done: 0, total: nil))
        let rootImage = workspace.path("root.squashfs")
        try await SquashImage(tree: root.directory, excluded: Self.excluded, ownedByRoot: root.ownedByRoot)
            .write(to: rootImage)
        return [
            File(role: .kernel, path: image), File(role: .initramfs, path: initramfs),
            File(role: .root, path: rootImage), File(role: .modules, path: modules),
        ]
    }

    private func writeInitramfs(_ staged: KernelTree) async throws -> String {
        report(CapsuleBuildProgress(phase: .packing(.initramfs), done: 0, total: nil))
        let archive = try await EarlyModuleArchive(of: staged, in: workspace.path("early"))
        var writer = CpioWriter()
        try archive.write(to: &writer)
        return try await ZstdFile.write(writer.finish(), to: workspace.path("initramfs"))
    }

    /// The module tree at the place where the root looks for it: through the link of a merged /usr, an overlay sees
    /// `usr/lib/modules` and never `lib`.
    private func writeModules(_ staging: String) async throws -> String {
        report(CapsuleBuildProgress(phase: .packing(.modules), done: 0, total: nil))
        if DurableFiles.status("\(root.directory)/lib")?.kind == .link {
            try DurableFiles.makeDirectory("\(staging)/usr")
            try DurableFiles.move("\(staging)/lib", to: "\(staging)/usr/lib")
        }
        let image = workspace.path("modules.squashfs")
        try await SquashImage(tree: staging, withoutTimes: true, ownedByRoot: true).write(to: image)
        return image
    }
}

/// Compresses what a kernel unpacks (zstd, RFC 8878).
enum ZstdFile {
    /// - Returns: the path of the compressed file, `path` with `.zst`.
    static func write(_ bytes: [UInt8], to path: String) async throws -> String {
        try DurableFiles.create(path, bytes, permissions: 0o600)
        // Two threads whatever the machine has: the output depends on the mode, not on who runs it.
        try await Program.zstd.run(["-19", "-T2", "-q", "--rm", "-f", "-o", "\(path).zst", "--", path])
        return "\(path).zst"
    }
}
