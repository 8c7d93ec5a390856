internal import CLinux
internal import Glibc

/// An open directory of a tree, and what can be done to a name in it. No call follows a symbolic link, so that nothing
/// reaches what is not in this very directory.
final class TreeDirectory {
    private let file: OpenFile

    private init(_ file: OpenFile) {
        self.file = file
    }

    var descriptor: Int32 { file.descriptor }

    /// Opens the root of a tree. The path to it is the caller's own, links and all.
    static func root(_ path: String) throws(StoreError) -> TreeDirectory {
        TreeDirectory(try OpenFile.directory(path))
    }

    /// What a name is; nil where there is none.
    func status(_ name: [UInt8]) -> stat? {
        var status = stat()
        return Self.with(name) { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0 ? status : nil
    }

    func isDirectory(_ name: [UInt8]) -> Bool { status(name).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    /// - Throws: `.system`, with ENOTDIR or ELOOP where the name is something else.
    func openDirectory(_ name: [UInt8]) throws(StoreError) -> TreeDirectory {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = Self.with(name) { openat(self.descriptor, $0, flags) }
        guard descriptor >= 0 else { throw lastCall("open", name) }
        return TreeDirectory(OpenFile(descriptor, path(name)))
    }

    func openFile(_ name: [UInt8]) throws(StoreError) -> OpenFile {
        let descriptor = Self.with(name) { openat(self.descriptor, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else { throw lastCall("read", name) }
        return OpenFile(descriptor, path(name))
    }

    /// Makes a file that is not there yet, for its owner alone.
    func createFile(_ name: [UInt8]) throws(StoreError) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = Self.with(name) { openat(self.descriptor, $0, flags, 0o600) }
        guard descriptor >= 0 else { throw lastCall("create", name) }
        return OpenFile(descriptor, path(name))
    }

    /// What a symbolic link points at; nil where the name is none.
    func linkTarget(_ name: [UInt8]) -> [UInt8]? {
        var count = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, initialized in
            count = buffer.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress else { return -1 }
                return Self.with(name) { readlinkat(descriptor, $0, start, text.count) }
            }
            initialized = max(0, count)
        }
        return count < 0 ? nil : bytes
    }

    func makeDirectory(_ name: [UInt8]) throws(StoreError) {
        try call("create the directory", name) { mkdirat(descriptor, $0, 0o700) }
    }

    func makeSymbolicLink(_ name: [UInt8], to target: [UInt8]) throws(StoreError) {
        try call("create the link", name) { name in Self.with(target) { symlinkat($0, descriptor, name) } }
    }

    func makeHardLink(_ name: [UInt8], to other: [UInt8], in directory: TreeDirectory) throws(StoreError) {
        try call("create the hard link", name) { name in
            Self.with(other) { linkat(directory.descriptor, $0, descriptor, name, 0) }
        }
    }

    /// Makes a device or a pipe.
    func makeNode(_ name: [UInt8], mode: mode_t, device: dev_t) throws(StoreError) {
        try call("create the device", name) { mknodat(descriptor, $0, mode, device) }
    }

    func remove(_ name: [UInt8], directory: Bool = false) throws(StoreError) {
        try call("remove", name) { unlinkat(descriptor, $0, directory ? AT_REMOVEDIR : 0) }
    }

    func setOwner(_ name: [UInt8], _ owner: UInt32, _ group: UInt32) throws(StoreError) {
        try call("set the owner of", name) { fchownat(descriptor, $0, owner, group, AT_SYMLINK_NOFOLLOW) }
    }

    /// Of anything but a symbolic link, which has none; the call would follow it.
    func setPermissions(_ name: [UInt8], _ permissions: UInt32) throws(StoreError) {
        try call("set the permissions of", name) { fchmodat(descriptor, $0, permissions & 0o7777, 0) }
    }

    func setTime(_ name: [UInt8], _ seconds: Int64) throws(StoreError) {
        let stamp = timespec(tv_sec: Int(seconds), tv_nsec: 0)
        try call("set the time of", name) { utimensat(descriptor, $0, [stamp, stamp], AT_SYMLINK_NOFOLLOW) }
    }

    func setAttribute(_ name: [UInt8], _ attribute: TarMember.Attribute) throws(StoreError) {
        // There is no call by directory and name; this path leads nowhere else.
        let path = Array("/proc/self/fd/\(descriptor)/".utf8) + name
        try call("set the attribute \(attribute.name) of", name) { _ in
            Self.with(path) { perseid_lsetxattr($0, attribute.name, attribute.value, attribute.value.count) }
        }
    }

    /// All names but `.` and `..`.
    func names() throws(StoreError) -> [[UInt8]] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw .lastCall("list", file.path) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Removes whatever has the name, with all below it.
    func removeTree(_ name: [UInt8]) throws(StoreError) {
        guard isDirectory(name) else { return try remove(name) }
        let directory = try openDirectory(name)
        for entry in try directory.names() { try directory.removeTree(entry) }
        try remove(name, directory: true)
    }

    private func path(_ name: [UInt8]) -> String { "\(file.path)/\(PrintableName.text(name))" }

    private func lastCall(_ action: String, _ name: [UInt8]) -> StoreError { .lastCall(action, path(name)) }

    private func call(
        _ action: String, _ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32
    ) throws(StoreError) {
        guard Self.with(name, body) == 0 else { throw lastCall(action, name) }
    }

    /// The bytes as a C string. They have no zero in them: see `TreePath`.
    private static func with<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            // Never empty: it ends in a zero.
            buffer.baseAddress.map(body) ?? body("")
        }
    }
}
