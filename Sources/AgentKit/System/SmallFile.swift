internal import CLinux
internal import Glibc
package import PacketIO

/// Whole files of /proc, /sys and /etc, which are small, and the small ones that the agent writes.
package enum SmallFile {
    /// - Throws: `SystemError` with the path; EFBIG for a file over `limit` bytes.
    package static func read(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY)
        do throws(SystemError) {
            return try file.readAll(limit: limit)
        } catch {
            throw SystemError(call: error.call, code: error.code, context: path)
        }
    }

    /// Opens a file of another root for reading; its absolute links are that root's own.
    package static func open(_ path: String, within root: String) throws(SystemError) -> FileDescriptor {
        let directory = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        return FileDescriptor(
            owning: try systemCall("openat2", root + path) { perseid_open_in_root(directory.raw, path) })
    }

    /// The file's text without blanks and line ends around it, or nil if there is no such file or nothing in it.
    package static func text(_ path: String) -> String? {
        guard let bytes = try? read(path, limit: 1 << 20) else { return nil }
        let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) })
        else { return nil }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }

    /// Puts a new file in the place of whatever has that name, link or file, so that nothing is written through a link:
    /// by one rename, so that whoever reads sees the old or the new one.
    /// - Parameter durably: its contents are on the disk before it has the name.
    package static func replace(
        _ path: String, with bytes: [UInt8], permissions: UInt32 = 0o644, durably: Bool = false
    ) throws(SystemError) {
        let fresh = path + freshEnding
        _ = unlink(fresh)
        do throws(SystemError) {
            let file = try FileDescriptor.open(
                fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: permissions)
            try file.writeAll(bytes.span.bytes)
            // open(2) applies the umask.
            try systemCall("fchmod", path) { fchmod(file.raw, mode_t(permissions)) }
            if durably { try systemCall("fsync", path) { fsync(file.raw) } }
            try systemCall("rename", path) { rename(fresh, path) }
        } catch {
            _ = unlink(fresh)
            throw error
        }
    }

    /// What a file is called until it takes another's place.
    static let freshEnding = ".perseid-new"

    /// The names in a directory, sorted, without `.` and `..`; none if there is no such directory.
    package static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The last part of what a symbolic link points at, or nil if there is no such link.
    package static func linkedName(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &target, target.count)
        guard count > 0 else { return nil }
        let text = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: "/").last.map(String.init)
    }

    /// Makes a directory and those above it; one that is there already is fine.
    package static func makeDirectory(_ path: String, permissions: UInt32 = 0o755) throws(SystemError) {
        var built = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            built += "/" + part
            if mkdir(built, mode_t(permissions)) != 0 && errno != EEXIST {
                throw SystemError(call: "mkdir", code: errno, context: built)
            }
        }
    }

    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }
}
