internal import CLinux
internal import Glibc
internal import PacketIO

/// A path as the kernel has it: bytes, which need not be UTF-8. Its last component is never followed.
struct FilePath {
    /// Ended by a zero.
    let bytes: [CChar]

    init(_ path: String) {
        bytes = Array(path.utf8CString)
    }

    private init(_ bytes: [CChar]) {
        self.bytes = bytes
    }

    /// - Parameter name: ended by a zero.
    func appending(_ name: UnsafePointer<CChar>) -> FilePath {
        let count = strlen(name)
        var path: [CChar] = []
        path.reserveCapacity(bytes.count + count + 1)
        path += bytes.dropLast()
        path.append(CChar(UInt8(ascii: "/")))
        path += UnsafeBufferPointer(start: name, count: count + 1)
        return FilePath(path)
    }

    /// For people.
    var text: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }

    func status() throws(SystemError) -> stat {
        var status = stat()
        try systemCall("lstat", text) { lstat(bytes, &status) }
        return status
    }

    func open(_ flags: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try systemCall("open", text) { Glibc.open(bytes, flags | O_CLOEXEC) })
    }

    /// What a directory says of a name in it (readdir(3)); not every file system does.
    enum Kind {
        case directory, other, unknown

        /// DT_DIR and DT_UNKNOWN, which `import Glibc` does not show.
        init(_ type: UInt8) {
            self = type == 4 ? .directory : type == 0 ? .unknown : .other
        }
    }

    /// Calls `body` with each name in a directory but `.` and `..`, ended by a zero.
    func list(_ body: (UnsafePointer<CChar>, Kind) throws(SystemError) -> Void) throws(SystemError) {
        guard let stream = opendir(bytes) else { throw SystemError(call: "opendir", code: errno, context: text) }
        defer { closedir(stream) }
        while true {
            // readdir(3) tells its end from an error by errno alone.
            errno = 0
            guard let entry = readdir(stream), let name = perseid_entry_name(entry) else {
                guard errno == 0 else { throw SystemError(call: "readdir", code: errno, context: text) }
                return
            }
            let isSelf = name[0] == 0x2E && (name[1] == 0 || name[1] == 0x2E && name[2] == 0)
            if !isSelf { try body(name, Kind(entry.pointee.d_type)) }
        }
    }

    /// Where a symbolic link leads, ended by a zero.
    func linkTarget() throws(SystemError) -> [CChar] {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = try systemCall("readlink", text) { readlink(bytes, &target, Int(PATH_MAX)) }
        return target.prefix(count) + [0]
    }

    /// Takes away what has this name: a directory with all that is in it, but nothing of another file system.
    /// - Throws: EBUSY where something is mounted.
    func remove() throws(SystemError) {
        let status = try status()
        guard status.st_mode & S_IFMT == S_IFDIR else {
            try systemCall("unlink", text) { unlink(bytes) }
            return
        }
        let above = try appending("..").status()
        guard status.st_dev == above.st_dev else { throw SystemError(call: "rmdir", code: EBUSY, context: text) }
        var names: [FilePath] = []
        try list { (name, _) throws(SystemError) in names.append(appending(name)) }
        for name in names { try name.remove() }
        try systemCall("rmdir", text) { rmdir(bytes) }
    }

    // MARK: - Status

    func own(_ status: stat) throws(SystemError) {
        try systemCall("lchown", text) { lchown(bytes, status.st_uid, status.st_gid) }
    }

    /// Permissions and times; of a link the times alone, as it has no permissions.
    func take(_ status: stat) throws(SystemError) {
        if status.st_mode & S_IFMT != S_IFLNK {
            try systemCall("chmod", text) { chmod(bytes, status.st_mode & 0o7777) }
        }
        let times = [status.st_atim, status.st_mtim]
        try systemCall("utimensat", text) { utimensat(AT_FDCWD, bytes, times, AT_SYMLINK_NOFOLLOW) }
    }
}
