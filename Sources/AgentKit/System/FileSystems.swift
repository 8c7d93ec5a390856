internal import Glibc
package import PacketIO

/// Mounting, with errors that name what was to go where.
package enum FileSystems {
    /// mount(2). Makes the mount point if it is not there.
    package static func mount(
        _ source: String, on target: String, type: String, flags: Int = 0, options: String = ""
    ) throws(SystemError) {
        try SmallFile.makeDirectory(target)
        try systemCall("mount", "\(type) \(source) on \(target)") {
            Glibc.mount(source, target, type, UInt(truncatingIfNeeded: flags), options)
        }
    }

    /// Takes a mount and all beneath it to another place (MS_MOVE).
    package static func move(_ source: String, to target: String) throws(SystemError) {
        try systemCall("mount", "moving \(source) to \(target)") {
            Glibc.mount(source, target, nil, UInt(MS_MOVE), nil)
        }
    }

    /// Shows a mount and all beneath it at a second place (MS_BIND, MS_REC). Makes that place if it is not there.
    package static func bind(_ source: String, to target: String) throws(SystemError) {
        try SmallFile.makeDirectory(target)
        try systemCall("mount", "binding \(source) to \(target)") {
            Glibc.mount(source, target, nil, UInt(MS_BIND) | UInt(MS_REC), nil)
        }
    }

    /// Takes a mount out of sight; it lives on for as long as something uses it (MNT_DETACH).
    package static func detach(_ target: String) throws(SystemError) {
        try systemCall("umount2", target) { umount2(target, Int32(MNT_DETACH)) }
    }

    /// Whether something is mounted exactly there, going by the devices of the directory and the one above it.
    package static func isMountPoint(_ path: String) -> Bool {
        var here = stat()
        var above = stat()
        guard lstat(path, &here) == 0, lstat(path + "/..", &above) == 0 else { return false }
        return here.st_dev != above.st_dev
    }

    /// Mounts what every Linux program expects, where it is not mounted yet: the constructor of CEarlyInit or
    /// the kernel (devtmpfs) may have been first. `/run` is the one that the runtime OS keeps.
    package static func mountKernelInterfaces() throws(SystemError) {
        let guarded = Int(MS_NOSUID) | Int(MS_NODEV)
        let wanted: [(type: String, target: String, flags: Int, options: String)] = [
            ("proc", "/proc", guarded | Int(MS_NOEXEC), ""),
            ("devtmpfs", "/dev", Int(MS_NOSUID), "mode=0755"),
            ("sysfs", "/sys", guarded | Int(MS_NOEXEC), ""),
            // Not noexec: the agent of stage 2 lies there.
            ("tmpfs", "/run", guarded, "mode=0755,size=20%"),
        ]
        for entry in wanted where !isMountPoint(entry.target) {
            try mount(entry.type, on: entry.target, type: entry.type, flags: entry.flags, options: entry.options)
        }
    }

    private static let kernelInterfaces = ["/dev", "/proc", "/sys", "/run"]

    /// Shows them to programs that run in another root.
    package static func showKernelInterfaces(in root: String) throws(SystemError) {
        for place in kernelInterfaces { try bind(place, to: root + place) }
    }

    package static func hideKernelInterfaces(in root: String) {
        for place in kernelInterfaces { _ = umount2(root + place, Int32(MNT_DETACH)) }
    }
}
