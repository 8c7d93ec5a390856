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

    /// - Parameter name: without a zero at its end.
    func appending(_ name: [CChar]) -> FilePath {
        FilePath(bytes.dropLast() + [CChar(UInt8(ascii: "/"))] + name + [0])
    }

    /// For people.
    var text: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }

    func status() throws(SystemError) -> stat {
        var status = stat()
        try systemCall("lstat", text) { lstat(bytes, &status) }
        return status
    }

    func open(_ flags: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try systemCall("open", text) { Glibc.open(bytes, flags | O_CLOEXEC, 0o600) })
    }

    /// The names in a directory, without `.` and `..`.
    func names() throws(SystemError) -> [[CChar]] {
        guard let stream = opendir(bytes) else { throw SystemError(call: "opendir", code: errno, context: text) }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while true {
            // readdir(3) tells its end from an error by errno alone.
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw SystemError(call: "readdir", code: errno, context: text) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { field in
                field.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            if name != [0x2E] && name != [0x2E, 0x2E] { names.append(name) }
        }
    }

    /// Where a symbolic link leads, ended by a zero.
    func linkTarget() throws(SystemError) -> [CChar] {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = try systemCall("readlink", text) { readlink(bytes, &target, Int(PATH_MAX)) }
        return target.prefix(count) + [0]
    }

    // MARK: - Attributes

    /// Extended attributes (xattr(7)); the names without a zero at their end. None where the file system has none.
    func attributes() throws(SystemError) -> [(name: [CChar], value: [UInt8])] {
        let size = perseid_llistxattr(bytes, nil, 0)
        if size < 0 && errno == EOPNOTSUPP { return [] }
        guard size != 0 else { return [] }
        // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h.
        var list = [CChar](repeating: 0, count: 1 << 16)
        let listed = try systemCall("llistxattr", text) { perseid_llistxattr(bytes, &list, list.count) }
        var found: [(name: [CChar], value: [UInt8])] = []
        for name in list.prefix(listed).split(separator: 0) {
            var value = [UInt8](repeating: 0, count: 1 << 16)
            let count = try systemCall("lgetxattr", text) {
                perseid_lgetxattr(bytes, Array(name) + [0], &value, value.count)
            }
            found.append((Array(name), Array(value.prefix(count))))
        }
        return found
    }

    func setAttribute(_ name: [CChar], _ value: [UInt8]) throws(SystemError) {
        try systemCall("lsetxattr", text) { perseid_lsetxattr(bytes, name + [0], value, value.count) }
    }

    // MARK: - Status

    func own(_ status: stat) throws(SystemError) {
        try systemCall("lchown", text) { lchown(bytes, status.st_uid, status.st_gid) }
    }

    /// Owner, permissions and times; of a link all but the permissions, which it has none of.
    func take(_ status: stat) throws(SystemError) {
        if status.st_mode & S_IFMT == S_IFDIR { try own(status) }
        if status.st_mode & S_IFMT != S_IFLNK {
            try systemCall("chmod", text) { chmod(bytes, status.st_mode & 0o7777) }
        }
        let times = [status.st_atim, status.st_mtim]
        try systemCall("utimensat", text) { utimensat(AT_FDCWD, bytes, times, AT_SYMLINK_NOFOLLOW) }
    }
}
