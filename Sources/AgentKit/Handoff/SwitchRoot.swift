internal import Glibc
package import PacketIO

/// Leaves the initramfs for a new root and becomes its init (what switch_root(8) does).
package enum SwitchRoot {
    /// Returns only by throwing. What was moved by then stays moved and what was deleted is gone; a caller that
    /// tries again mounts the kernel's file systems anew.
    package static func execute(newRoot: String, initPath: String) throws(SystemError) {
        for mount in ["/dev", "/proc", "/sys", "/run"] {
            try SmallFile.makeDirectory(newRoot + mount)
            try FileSystems.move(mount, to: newRoot + mount)
        }
        deleteInitramfs()
        try systemCall("chdir", newRoot) { chdir(newRoot) }
        try FileSystems.move(newRoot, to: "/")
        try systemCall("chroot", newRoot) { chroot(".") }
        try systemCall("chdir", "/") { chdir("/") }
        restoreSignals()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(initPath), nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("HOME=/"), strdup("TERM=linux"), nil]
        try systemCall("execve", initPath) { execve(initPath, &arguments, &environment) }
    }

    /// Gives the memory of the initramfs back: every file that is on its file system. Mounts are left alone, which
    /// is what keeps the images and the new root.
    private static func deleteInitramfs() {
        var root = stat()
        guard lstat("/", &root) == 0 else { return }
        delete("", on: root.st_dev, depth: 0)
    }

    private static func delete(_ directory: String, on device: dev_t, depth: Int) {
        guard depth < 64 else { return }
        for name in SmallFile.names(in: directory + "/") {
            let path = "\(directory)/\(name)"
            var found = stat()
            guard lstat(path, &found) == 0, found.st_dev == device else { continue }
            if found.st_mode & S_IFMT == S_IFDIR {
                delete(path, on: device, depth: depth + 1)
                // A directory with a mount below it stays (EBUSY, ENOTEMPTY).
                _ = rmdir(path)
            } else {
                _ = unlink(path)
            }
        }
    }

    /// An init starts with the signals as the kernel gives them: ignored ones would stay so through execve(2).
    private static func restoreSignals() {
        signal(SIGPIPE, SIG_DFL)
        signal(SIGHUP, SIG_DFL)
        signal(SIGCHLD, SIG_DFL)
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }
}
