internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Kernel, initramfs and loader entry of a machine that runs from its disk, against those of a capsule.
struct InstalledKernel {
    /// As the install or the last update left it; nil: by a Perseid that left none.
    private let recipe: LoaderRecipe?
    /// As it is to be.
    private let wanted: LoaderRecipe?
    private let title: String
    /// Whether the kernel's own files are others.
    let needsFiles: Bool

    init(for contents: CapsuleContents, mounts: MountTable) throws(UpdateProblem) {
        let manifest = contents.manifest
        title = "\(contents.generation)"
        guard let bytes = try? SmallFile.read(LoaderRecipe.path, limit: 1 << 16),
            let recipe = try? JSONBytes.decode(LoaderRecipe.self, from: bytes)
        else {
            self.recipe = nil
            wanted = nil
            needsFiles = false
            let release = SmallFile.text("/proc/sys/kernel/osrelease")
            guard release == manifest.kernelRelease else {
                throw .kernel("\(LoaderRecipe.path) does not say how this machine starts")
            }
            return
        }
        self.recipe = recipe
        let isSame =
            recipe.kernelRelease == manifest.kernelRelease
            && Self.digest(of: recipe.kernelPath, from: 0) == manifest.stream(.kernel)?.sha256
            && Self.digest(of: recipe.initramfsPath, from: recipe.archiveBytes) == manifest.stream(.initramfs)?.sha256
        needsFiles = !isSame
        var wanted = recipe
        wanted.kernelRelease = manifest.kernelRelease
        wanted.commandLine = Kexec.commandLine(
            of: "\(recipe.root) \(manifest.kernelCommandLine)", console: recipe.console)
        if recipe.kernelRelease != manifest.kernelRelease {
            wanted.older = (recipe.older + [recipe.kernelRelease]).filter { $0 != manifest.kernelRelease }
        }
        self.wanted = wanted
        guard needsFiles || wanted.commandLine != recipe.commandLine else { return }
        for point in recipe.mountPoints where mounts.mounts[point] == nil {
            throw .kernel("\(point) is not mounted: mount it and update again")
        }
        if needsFiles { try requireRoom(for: manifest, recipe) }
    }

    /// Beside the old ones: these go only when the new ones are there.
    private func requireRoom(for manifest: CapsuleManifest, _ recipe: LoaderRecipe) throws(UpdateProblem) {
        let sizes = [StreamRole.kernel, .initramfs].map { manifest.stream($0)?.size ?? 0 }
        let needed = sizes.reduce(recipe.archiveBytes + (1 << 20), +)
        let free = DiskRoom.free(at: recipe.bootDirectory)
        guard free >= needed else { throw .noRoom(recipe.bootDirectory, needs: needed, available: free) }
    }

    /// SHA-256 of a file from some place on; nil for one that cannot be read.
    private static func digest(of path: String, from start: Int64) -> ContentDigest? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY), var place = Int(exactly: start) else { return nil }
        var hasher = ContentHasher()
        while true {
            guard let bytes = try? file.bytes(1 << 18, at: place) else { return nil }
            hasher.update(bytes)
            if bytes.count < 1 << 18 { return hasher.finalize() }
            place += bytes.count
        }
    }

    // MARK: - Changes

    /// The files that are written anew.
    var changes: [String] {
        guard let wanted else { return [] }
        let files = needsFiles ? [wanted.kernelPath, wanted.initramfsPath] : []
        return files + wanted.files(title: title).filter { !Self.isThere($0) }.map(\.path)
    }

    /// Why the machine has to start anew for it; nil where it need not.
    var rebootReason: String? {
        guard let recipe, let wanted else { return nil }
        if needsFiles { return "kernel \(wanted.kernelRelease)" }
        if wanted.commandLine != recipe.commandLine { return "the kernel's command line" }
        let running = SmallFile.text("/proc/sys/kernel/osrelease")
        return running == wanted.kernelRelease ? nil : "kernel \(wanted.kernelRelease)"
    }

    /// Writes kernel and initramfs, then what names them. Until the last step the machine starts as before.
    /// - Parameter images: the directory with the fetched streams.
    func install(from images: String) throws(UpdateProblem) {
        guard let recipe, var wanted else { return }
        do throws(SystemError) {
            if needsFiles {
                try Self.write([("\(images)/kernel.image", nil)], to: wanted.kernelPath)
                try Self.write(
                    [(recipe.initramfsPath, recipe.archiveBytes), ("\(images)/initramfs.image", nil)],
                    to: wanted.initramfsPath)
                sync()
            }
            for file in wanted.files(title: title) where !Self.isThere(file) {
                try SmallFile.replace(
                    file.path, with: Array(file.contents.utf8), permissions: file.mode, durably: true)
            }
            removeOlder(&wanted)
            try SmallFile.replace(
                LoaderRecipe.path, with: try Self.json(wanted), permissions: 0o600, durably: true)
        } catch {
            throw .system("the kernel's files", error)
        }
    }

    /// Files of kernels that neither run nor are to start.
    private func removeOlder(_ recipe: inout LoaderRecipe) {
        let running = SmallFile.text("/proc/sys/kernel/osrelease")
        for release in recipe.older where release != running && release != recipe.kernelRelease {
            _ = unlink(LoaderRecipe.kernel(release, in: recipe.bootDirectory))
            _ = unlink(LoaderRecipe.initramfs(release, in: recipe.bootDirectory))
        }
        recipe.older = recipe.older.filter { $0 == running }
    }

    private static func json(_ recipe: LoaderRecipe) throws(SystemError) -> [UInt8] {
        do throws(JSONError) {
            return try JSONBytes.encode(recipe)
        } catch {
            throw SystemError(call: "write", code: EINVAL, context: "\(LoaderRecipe.path): \(error)")
        }
    }

    private static func isThere(_ file: NetworkIdentity.File) -> Bool {
        (try? SmallFile.read(file.path, limit: 1 << 20)) == Array(file.contents.utf8)
    }

    /// Puts files one behind the other, each as far as is said, in the place of another.
    private static func write(_ parts: [(path: String, bytes: Int64?)], to path: String) throws(SystemError) {
        let fresh = path + SmallFile.freshEnding
        _ = unlink(fresh)
        do throws(SystemError) {
            // A FAT has no owners and no other permissions.
            let output = try FileDescriptor.open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: 0o644)
            for part in parts {
                let input = try FileDescriptor.open(part.path, O_RDONLY)
                var left = part.bytes ?? Int64.max
                while left > 0 {
                    let piece = Int(min(left, 1 << 30))
                    let sent = try systemCall("sendfile", fresh) { sendfile(output.raw, input.raw, nil, piece) }
                    if sent == 0 { break }
                    left -= Int64(sent)
                }
                guard left == 0 || part.bytes == nil else {
                    throw SystemError(call: "sendfile", code: EIO, context: "\(part.path) is too short")
                }
            }
            try systemCall("fsync", fresh) { fsync(output.raw) }
            try systemCall("rename", path) { rename(fresh, path) }
        } catch {
            _ = unlink(fresh)
            throw error
        }
    }
}

/// Room on file systems.
enum DiskRoom {
    /// What root may still take where `path` is, in bytes; 0 where that cannot be told.
    static func free(at path: String) -> Int64 {
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { return 0 }
        return Int64(clamping: found.f_bavail).multipliedReportingOverflow(by: Int64(clamping: found.f_frsize))
            .partialValue
    }
}
