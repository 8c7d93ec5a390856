internal import Glibc
package import PacketIO

/// Brings changes of a tree into the running root, each in one step: a program sees the old file or the new one.
package enum TreeUpdate {
    /// - Parameters:
    ///   - source: where the new tree is mounted.
    ///   - root: the running root; empty for `/`.
    package static func apply(
        _ change: TreeDifference.Change, from source: String, to root: String = ""
    ) throws(SystemError) {
        let target = root + change.path
        switch change.kind {
        case .removed: try remove(target)
        case .added, .changed:
            let entry = try TreeDifference.Entry(source + change.path)
            if entry.isDirectory {
                try makeDirectory(target, as: entry)
            } else {
                try replace(target, with: entry)
            }
        }
    }

    /// A directory that the node put something of its own into stays.
    private static func remove(_ target: String) throws(SystemError) {
        if unlink(target) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw SystemError(call: "unlink", code: errno, context: target) }
        if rmdir(target) == 0 || errno == ENOTEMPTY || errno == ENOENT { return }
        throw SystemError(call: "rmdir", code: errno, context: target)
    }

    private static func makeDirectory(_ target: String, as entry: TreeDifference.Entry) throws(SystemError) {
        if mkdir(target, 0o700) != 0, errno != EEXIST {
            throw SystemError(call: "mkdir", code: errno, context: target)
        }
        try systemCall("lchown", target) { lchown(target, entry.status.st_uid, entry.status.st_gid) }
        try systemCall("chmod", target) { chmod(target, entry.status.st_mode & 0o7777) }
    }

    private static func replace(_ target: String, with entry: TreeDifference.Entry) throws(SystemError) {
        let fresh = "\(target).perseid-new"
        _ = unlink(fresh)
        if entry.isFile {
            try copy(entry, to: fresh)
        } else if entry.isLink {
            let destination = try entry.target()
            try systemCall("symlink", fresh) { symlink(destination, fresh) }
            try systemCall("lchown", fresh) { lchown(fresh, entry.status.st_uid, entry.status.st_gid) }
        } else {
            try systemCall("mknod", fresh) { mknod(fresh, entry.status.st_mode, entry.status.st_rdev) }
            try systemCall("lchown", fresh) { lchown(fresh, entry.status.st_uid, entry.status.st_gid) }
        }
        // A directory that became a file makes room first; with something of the node's in it, it stays.
        _ = rmdir(target)
        guard rename(fresh, target) == 0 else {
            let code = errno
            _ = unlink(fresh)
            throw SystemError(call: "rename", code: code, context: target)
        }
    }

    private static func copy(_ entry: TreeDifference.Entry, to fresh: String) throws(SystemError) {
        let source = try FileDescriptor.open(entry.path, O_RDONLY | O_NOFOLLOW)
        let target = try FileDescriptor.open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: 0o600)
        while try systemCall("sendfile", fresh, { sendfile(target.raw, source.raw, nil, 1 << 30) }) > 0 {}
        try systemCall("fchown", fresh) { fchown(target.raw, entry.status.st_uid, entry.status.st_gid) }
        try systemCall("fchmod", fresh) { fchmod(target.raw, entry.status.st_mode & 0o7777) }
    }
}
