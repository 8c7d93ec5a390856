internal import Glibc

/// Files and names that are on stable storage before anybody relies on them.
enum DurableFiles {
    /// Called before each change of a name or a file, with its path: where tests kill the process.
    @TaskLocal static var beforeChange: (@Sendable (String) -> Void)?

    /// The whole file.
    /// - Parameter limit: a longer one is refused.
    static func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
        let file = try OpenFile.reading(path)
        var bytes: [UInt8] = []
        while try file.read(min(1 << 16, limit + 1 - bytes.count), into: &bytes) > 0 {
            guard bytes.count <= limit else { throw .fileTooLarge(path: path, limit: limit) }
        }
        return bytes
    }

    /// Writes a file that must not be there yet, and waits until its bytes are stable. Its name is stable once its
    /// directory is synced.
    static func create(_ path: String, _ bytes: [UInt8], permissions: mode_t) throws(StoreError) {
        beforeChange?(path)
        let file = try OpenFile.creating(path, permissions: permissions)
        beforeChange?(path)
        try file.write(bytes.span.bytes)
        try file.sync()
    }

    /// Puts a file in the place of another in one step: readers see the old one or the new one, whole.
    static func replace(_ path: String, with bytes: [UInt8], permissions: mode_t) throws(StoreError) {
        // Hidden, so that nobody who lists the directory takes it for one of its files.
        let fresh = "\(parent(of: path))/.\(name(of: path)).new"
        try remove(fresh)
        try create(fresh, bytes, permissions: permissions)
        try move(fresh, to: path)
    }

    /// Renames, and waits until the new name is stable. A file that had the name is gone, a directory is not.
    static func move(_ path: String, to newPath: String) throws(StoreError) {
        try rename(path, to: newPath)
        try sync(directory: parent(of: newPath))
    }

    /// Renames. The new name is stable once its directory is synced.
    static func rename(_ path: String, to newPath: String) throws(StoreError) {
        beforeChange?(path)
        guard Glibc.rename(path, newPath) == 0 else { throw .lastCall("rename to \(newPath)", path) }
    }

    static func sync(directory path: String) throws(StoreError) {
        try OpenFile.directory(path).sync()
    }

    static func remove(_ path: String) throws(StoreError) {
        beforeChange?(path)
        guard unlink(path) == 0 || errno == ENOENT else { throw .lastCall("remove", path) }
    }

    /// Removes an empty directory.
    static func removeDirectory(_ path: String) throws(StoreError) {
        beforeChange?(path)
        guard rmdir(path) == 0 || errno == ENOENT else { throw .lastCall("remove the directory", path) }
    }

    /// Makes a directory and those above it; one that is there keeps its permissions.
    static func makeDirectory(_ path: String, permissions: mode_t = 0o755) throws(StoreError) {
        if status(path)?.kind == .directory { return }
        beforeChange?(path)
        if mkdir(path, permissions) != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT, path != parent(of: path) else { throw .lastCall("create the directory", path) }
            try makeDirectory(parent(of: path))
            guard mkdir(path, permissions) == 0 else { throw .lastCall("create the directory", path) }
        }
        // Whatever the umask is.
        guard chmod(path, permissions) == 0 else { throw .lastCall("set the permissions of", path) }
    }

    /// Makes a symbolic link that is not there yet.
    static func link(_ path: String, to target: String) throws(StoreError) {
        guard symlink(target, path) == 0 else { throw .lastCall("create the link", path) }
    }

    /// What a symbolic link points at.
    static func target(ofLink path: String) throws(StoreError) -> String {
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, initialized in
            let count = buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
            failed = count < 0 ? errno : 0
            initialized = max(0, count)
        }
        guard failed == 0 else { throw .system(action: "read the link", path: path, errno: failed) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Copies a file's bytes to one that is not there yet.
    static func copy(_ path: String, to newPath: String, permissions: mode_t = 0o600) throws(StoreError) {
        let source = try OpenFile.reading(path)
        let target = try OpenFile.creating(newPath, permissions: permissions)
        var buffer: [UInt8] = []
        while try source.read(1 << 20, into: &buffer) > 0 {
            try target.write(buffer.span.bytes)
            buffer.removeAll(keepingCapacity: true)
        }
    }

    /// Everything below a directory, as paths relative to it, sorted; links are not followed.
    static func walk(_ path: String) throws(StoreError) -> [String] {
        var found: [String] = []
        var open = [""]
        while let directory = open.popLast() {
            for name in try names(in: "\(path)/\(directory)", hidden: true) {
                let entry = directory.isEmpty ? name : "\(directory)/\(name)"
                found.append(entry)
                if status("\(path)/\(entry)")?.kind == .directory { open.append(entry) }
            }
        }
        return found.sorted()
    }

    /// The names in a directory, sorted; none where the directory is missing.
    static func names(in path: String, hidden: Bool = false) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .lastCall("list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != "..", hidden || !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// What lies at a path itself, a symbolic link not followed.
    struct Status: Hashable {
        enum Kind { case file, directory, link, other }

        var kind: Kind
        var size: Int64
        /// Permission bits.
        var permissions: mode_t
        /// Seconds since 1970.
        var modified: Int64
    }

    /// Nil where there is nothing, or nothing that may be seen.
    static func status(_ path: String) -> Status? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        let kind: Status.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        return Status(
            kind: kind, size: Int64(status.st_size), permissions: status.st_mode & 0o7777,
            modified: Int64(status.st_mtim.tv_sec))
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
