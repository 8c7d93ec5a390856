internal import CapsuleFormat

/// Writes the files that become the streams of a generation, in the order in which a node wants them: what a kexec
/// needs comes first.
struct StreamFiles {
    struct File: Hashable {
        var role: StreamRole
        var path: String
    }

    let workspace: BuildWorkspace
    let root: SourceRoot.Root
    let kernel: KernelTree
    let format: ImageFormat
    /// What a description leaves out of the root, beside what every root leaves out.
    let excluded: [String]
    /// Makes the kernel's streams anew, whatever the cache holds.
    let refresh: Bool
    let report: @Sendable (CapsuleBuildProgress) -> Void

    /// What a root's image leaves out: the kernels, the module trees, and what the kernel or the init mounts over.
    private static let alwaysExcluded = [
        "boot/*", "boot/.*", "usr/lib/modules/*", "lib/modules/*", "vmlinuz", "vmlinuz.old", "initrd.img",
        "initrd.img.old", "dev/*", "dev/.*", "proc/*", "sys/*", "run/*", "run/.*", "tmp/*", "tmp/.*", ".dockerenv",
    ]

    func write() async throws -> [File] {
        let image = workspace.path("vmlinuz")
        try DurableFiles.copy(kernel.image, to: image)
        let streams = try KernelStreams(
            of: kernel, inMergedUsr: DurableFiles.status("\(root.directory)/lib")?.kind == .link,
            workspace: workspace, refresh: refresh)
        report(CapsuleBuildProgress(phase: .packing(.initramfs), done: 0, total: nil))
        let initramfs = try await streams.initramfs()
        report(CapsuleBuildProgress(phase: .packing(.modules), done: 0, total: nil))
        let modules = try await streams.modules()
        report(CapsuleBuildProgress(phase: .packing(.root), done: 0, total: nil))
        let rootImage = workspace.path("root.\(format.rawValue)")
        let patterns = Self.alwaysExcluded + excluded
        switch format {
        case .squashfs:
            try await SquashImage(tree: root.directory, excluded: patterns, ownedByRoot: root.ownedByRoot)
                .write(to: rootImage)
        case .erofs:
            try await ErofsImage(tree: root.directory, excluded: patterns, ownedByRoot: root.ownedByRoot)
                .write(to: rootImage)
        }
        return [
            File(role: .kernel, path: image), File(role: .initramfs, path: initramfs),
            File(role: .root, path: rootImage), File(role: .modules, path: modules),
        ]
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
