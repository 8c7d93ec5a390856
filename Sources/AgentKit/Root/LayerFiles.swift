internal import CLinux
package import CapsuleFormat
internal import FoundationEssentials
internal import Glibc
internal import PacketIO

/// Writes a node's own files into its root, before anything of it runs.
package enum LayerFiles {
    /// Each file replaces what has its name, by one rename. Directories that are missing are made, for all to read; links
    /// on the way are followed as long as they stay in the root.
    /// - Parameter isWanted: by a file's path; others are left out.
    package static func apply(
        _ layer: NodeLayer, to root: String, where isWanted: (String) -> Bool = { _ in true }
    ) throws(RootProblem) {
        for file in layer.files where isWanted(file.path) {
            do throws(SystemError) {
                try write(file, below: root)
            } catch {
                throw .system("writing \(file.path)", error)
            }
        }
    }

    private static func write(_ file: NodeLayer.File, below root: String) throws(SystemError) {
        try write(
            file.path, Array(file.contents), mode: mode_t(file.mode), owner: file.owner, group: file.group, below: root)
    }

    /// One file, root's unless said otherwise.
    static func write(
        _ path: String, _ contents: [UInt8], mode: mode_t, owner: uid_t = 0, group: gid_t = 0, below root: String
    ) throws(SystemError) {
        try replace(path, below: root) { (directory, name) throws(SystemError) in
            // Nobody else's for as long as it is not whole.
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let target = FileDescriptor(
                owning: try systemCall("openat", path) { openat(directory, name, flags, 0o600) })
            try target.writeAll(contents.span.bytes)
            try systemCall("fchown", path) { fchown(target.raw, owner, group) }
            // After the owner: a change of owner takes set-user-ID bits away.
            try systemCall("fchmod", path) { fchmod(target.raw, mode) }
        }
    }

    /// One symbolic link; where it leads to is its own affair.
    static func link(_ path: String, to target: String, below root: String) throws(SystemError) {
        try replace(path, below: root) { (directory, name) throws(SystemError) in
            try systemCall("symlinkat", path) { symlinkat(target, directory, name) }
        }
    }

    private static func replace(
        _ path: String, below root: String, with make: (_ directory: Int32, _ name: String) throws(SystemError) -> Void
    ) throws(SystemError) {
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last else { return }
        let directory = try open(parts.dropLast(), below: root)
        // Names have at most 255 bytes.
        let fresh = String(decoding: name.utf8.prefix(200), as: UTF8.self) + SmallFile.freshEnding
        _ = unlinkat(directory.raw, fresh, 0)
        do throws(SystemError) {
            try make(directory.raw, fresh)
            try systemCall("renameat", path) { renameat(directory.raw, fresh, directory.raw, name) }
        } catch {
            _ = unlinkat(directory.raw, fresh, 0)
            throw error
        }
    }

    /// Whether a file is there as it is to be: a plain file with these contents, owner and permissions.
    package static func isThere(_ file: NodeLayer.File, below root: String) -> Bool {
        var found = stat()
        guard lstat(root + file.path, &found) == 0, found.st_mode & S_IFMT == S_IFREG,
            UInt32(found.st_mode & 0o7777) == file.mode, found.st_uid == file.owner, found.st_gid == file.group,
            Int64(found.st_size) == Int64(file.contents.count),
            let bytes = try? SmallFile.read(root + file.path, limit: NodeLayer.contentLimit)
        else { return false }
        return bytes.elementsEqual(file.contents)
    }

    /// Opens a directory of the root and makes what is missing of it.
    private static func open(_ parts: ArraySlice<String>, below root: String) throws(SystemError) -> FileDescriptor {
        var directory = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        let top = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        var path = ""
        for part in parts {
            path += path.isEmpty ? part : "/\(part)"
            if mkdirat(directory.raw, part, 0o755) != 0, errno != EEXIST {
                throw SystemError(call: "mkdirat", code: errno, context: path)
            }
            // From the root each time, so that a link may lead anywhere in it and nowhere else.
            let next = try systemCall("openat2", path) { perseid_open_beneath(top.raw, path, O_DIRECTORY) }
            directory = FileDescriptor(owning: next)
        }
        return directory
    }
}
