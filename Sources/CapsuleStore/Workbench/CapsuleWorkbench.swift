public import CapsuleFormat
internal import Foundation
internal import Glibc

/// Looks into generations, and makes new ones by hand: needs root, for mounts, owners and chroot.
public struct CapsuleWorkbench: Sendable {
    public let store: CapsuleStore

    public init(store: CapsuleStore) {
        self.store = store
    }

    /// Mounts the root of a generation, read-only, until `unmount`. The image is put together beside the mount, in a file
    /// that has no name any more once it is mounted.
    /// - Parameter directory: empty, and there.
    /// - Throws: `CapsuleBuildError`, `StoreError`.
    public func mount(_ generation: CapsuleGeneration, at directory: String) async throws {
        try requireRoot("mounting a capsule")
        guard DurableFiles.status("\(directory)/.")?.kind == .directory,
            try DurableFiles.names(in: directory, hidden: true).isEmpty
        else { throw CapsuleBuildError.badSource(path: directory, reason: "not an empty directory") }
        let image = try assemble(generation)
        defer { try? DurableFiles.remove(image) }
        try await Program.mount.run(["-o", "loop,ro,nodev,nosuid", "--", image, directory])
    }

    /// Ends a view that `mount` made.
    public func unmount(_ directory: String) async throws {
        try requireRoot("unmounting a capsule")
        try await Program.umount.run(["--", directory])
    }

    /// A root on disk that nobody else sees, unpacked from a generation.
    public struct Copy: Sendable {
        public let directory: String
        let scratch: String
        let manifest: CapsuleManifest
        let digest: ContentDigest
    }

    /// Unpacks a generation for `exec` and `edit`.
    public func copy(_ generation: CapsuleGeneration) async throws -> Copy {
        try requireRoot("a copy of a capsule")
        let scratch = "\(store.layout.builds)/.edit-\(generation.name)-\(getpid())"
        try await Program.rm.run(["-rf", "--one-file-system", "--", scratch])
        try DurableFiles.makeDirectory(scratch, permissions: 0o700)
        let manifest = try store.manifest(of: generation)
        guard manifest.imageFormat == ImageFormat.squashfs.name else {
            throw CapsuleBuildError.badSource(
                path: generation.description, reason: "its image is \(manifest.imageFormat), which cannot be unpacked")
        }
        let root = "\(scratch)/root"
        for role in [StreamRole.root, .modules] {
            let image = "\(scratch)/\(role.rawValue).image"
            guard try store.extract(role, of: store.index(of: generation, pinnedBy: manifest), to: image) else {
                continue
            }
            try await Program.unsquashfs.run(["-q", "-n", "-f", "-xattrs", "-d", root, image])
            try DurableFiles.remove(image)
        }
        let index = try store.index(of: generation, pinnedBy: manifest)
        if let file = try kernelFile(of: index, in: scratch) {
            try DurableFiles.makeDirectory("\(root)/boot")
            try DurableFiles.move(file, to: "\(root)/boot/vmlinuz-\(manifest.kernelRelease)")
        }
        return Copy(directory: root, scratch: scratch, manifest: manifest, digest: try FullTreeDigest.of(root))
    }

    /// The arguments of a command that runs in the copy, in namespaces of its own: nothing that it mounts or starts
    /// outlives it, and it sees no process of the host.
    public func command(in copy: Copy, _ command: [String]) -> [String] {
        [
            "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private",
            "--root=\(copy.directory)", "--wd=/", "--mount-proc", "--",
        ] + (command.isEmpty ? ["/bin/sh", "-l"] : command)
    }

    /// Makes the next generation out of what was made of the copy.
    /// - Returns: nil where nothing is other than before.
    public func publish(
        _ copy: Copy, as name: CapsuleName, options: CapsuleBuildOptions,
        progress: @escaping @Sendable (CapsuleBuildProgress) -> Void
    ) async throws -> BuiltCapsule? {
        guard try FullTreeDigest.of(copy.directory) != copy.digest else { return nil }
        var options = options
        options.kernelCommandLine = copy.manifest.kernelCommandLine
        options.settings = copy.manifest.settings
        return try await CapsuleBuilder(store: store, progress: progress).build(
            name, from: .directory(copy.directory), options: options)
    }

    /// Takes the copy away.
    public func discard(_ copy: Copy) async throws {
        try await Program.rm.run(["-rf", "--one-file-system", "--", copy.scratch])
    }

    private func kernelFile(of index: CapsuleIndex, in scratch: String) throws -> String? {
        let file = "\(scratch)/kernel"
        return try store.extract(.kernel, of: index, to: file) ? file : nil
    }

    private func assemble(_ generation: CapsuleGeneration) throws -> String {
        let manifest = try store.manifest(of: generation)
        let image = "\(store.layout.builds)/.mount-\(generation)-\(getpid())"
        try DurableFiles.remove(image)
        let index = try store.index(of: generation, pinnedBy: manifest)
        guard try store.extract(.root, of: index, to: image) else {
            throw CapsuleBuildError.badSource(path: generation.description, reason: "it has no root image")
        }
        return image
    }

    private func requireRoot(_ what: String) throws(CapsuleBuildError) {
        guard geteuid() == 0 else { throw .needsRoot(what) }
    }
}

/// What a tree holds with owners and times of files: whether anybody changed anything.
enum FullTreeDigest {
    static func of(_ directory: String) throws(StoreError) -> ContentDigest {
        var hasher = ContentHasher()
        for entry in try DurableFiles.walk(directory) {
            let path = "\(directory)/\(entry)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            var detail = ""
            if kind == S_IFLNK { detail = try DurableFiles.target(ofLink: path) }
            if kind == S_IFREG { detail = "\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)" }
            let line = "\(entry)\0\(status.st_mode)\0\(status.st_uid)\0\(status.st_gid)\0\(status.st_rdev)\0\(detail)\0"
            hasher.update(Array(line.utf8))
        }
        return hasher.finalize()
    }
}
