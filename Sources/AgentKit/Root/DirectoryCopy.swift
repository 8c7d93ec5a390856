internal import CLinux
internal import Glibc
internal import PacketIO

/// One name in a tree and what it becomes.
struct TreeEntry: Sendable {
    let source: FilePath
    let target: FilePath
    let status: stat

    /// Makes the copy; another file in its place goes first, if it may.
    @discardableResult
    func making(_ call: String, replacing: Bool, _ make: () -> Int32) throws(SystemError) -> Int32 {
        do throws(SystemError) {
            return try systemCall(call, target.text, make)
        } catch {
            guard replacing, error.code == EEXIST else { throw error }
            try target.remove()
            return try systemCall(call, target.text, make)
        }
    }

    /// Copies anything but a directory, with all that is kept of it.
    func copy(replacing: Bool) throws(SystemError) -> TreeCopy.Tally {
        var tally = TreeCopy.Tally(entries: 1)
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            let input = try source.open(O_RDONLY | O_NOFOLLOW)
            let output = FileDescriptor(
                owning: try making("open", replacing: replacing) { open(target.bytes, FileCopy.creating, 0o600) })
            try FileCopy.run(input, to: output, status, at: source.text)
            tally.bytes = Int64(status.st_size)
        case S_IFLNK:
            let destination = try source.linkTarget()
            try making("symlink", replacing: replacing) { symlink(destination, target.bytes) }
        default:
            try making("mknod", replacing: replacing) {
                mknod(target.bytes, status.st_mode & S_IFMT | 0o600, status.st_rdev)
            }
        }
        // The owner first: a change of it takes capabilities and set-user-ID bits away.
        try target.own(status)
        tally.attributesLeftOut = try ExtendedAttributes(of: source).write(to: target)
        try target.take(status)
        return tally
    }
}

/// Copies what is in one directory, but for directories and for files with several names.
struct DirectoryCopy: ~Copyable {
    private let directory: TreeEntry
    private let from: FileDescriptor
    private let into: FileDescriptor
    private let joins: Bool
    /// Files are made here with the owner and the permissions that the copy asks for.
    private let isPlain: Bool

    init(_ directory: TreeEntry, joins: Bool) throws(SystemError) {
        let from = try directory.source.open(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let into = try directory.target.open(O_RDONLY | O_DIRECTORY)
        isPlain = try Self.isPlain(into, directory.target)
        self.from = from
        self.into = into
        self.directory = directory
        self.joins = joins
    }

    private static func isPlain(
        _ directory: borrowing FileDescriptor, _ path: FilePath
    ) throws(SystemError) -> Bool {
        var status = stat()
        let raw = directory.raw
        try systemCall("fstat", path.text) { fstat(raw, &status) }
        let hasDefaults = perseid_fgetxattr(raw, "system.posix_acl_default", nil, 0) > 0
        return status.st_mode & S_ISGID == 0 && !hasDefaults && geteuid() == 0 && getegid() == 0
    }

    /// - Parameter report: told of each entry; false ends the copy.
    /// - Returns: the files with several names.
    func run(_ report: (TreeCopy.Tally) -> Bool) throws(SystemError) -> [TreeEntry] {
        var linked: [TreeEntry] = []
        var goesOn = true
        try directory.source.list { (name, kind) throws(SystemError) in
            guard goesOn, kind != .directory else { return }
            let status = try status(name)
            let entry = { [directory] in
                TreeEntry(
                    source: directory.source.appending(name), target: directory.target.appending(name), status: status)
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return
            case _ where status.st_nlink > 1: linked.append(entry())
            case S_IFREG: goesOn = report(try copyFile(name, status))
            default: goesOn = report(try entry().copy(replacing: joins))
            }
        }
        return linked
    }

    private func status(_ name: UnsafePointer<CChar>) throws(SystemError) -> stat {
        var status = stat()
        let from = from.raw
        try systemCall("fstatat", text(directory.source, name)) {
            fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW)
        }
        return status
    }

    private func text(_ directory: FilePath, _ name: UnsafePointer<CChar>) -> String {
        directory.appending(name).text
    }

    /// The most of what there is: few calls, none of them by a long path.
    private func copyFile(_ name: UnsafePointer<CChar>, _ status: stat) throws(SystemError) -> TreeCopy.Tally {
        let (from, into) = (from.raw, into.raw)
        let input = FileDescriptor(
            owning: try systemCall("openat", text(directory.source, name)) {
                openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            })
        // Neither what umask(2) takes away (022) nor what a change of owner would.
        let isPlain = isPlain && status.st_uid == 0 && status.st_gid == 0 && status.st_mode & 0o7022 == 0
        let mode = isPlain ? status.st_mode & 0o755 : 0o600
        let made = openat(into, name, FileCopy.creating, mode)
        if made < 0 && errno == EEXIST && joins { try directory.target.appending(name).remove() }
        let output = FileDescriptor(
            owning: made >= 0
                ? made
                : try systemCall("openat", text(directory.target, name)) { openat(into, name, FileCopy.creating, mode) }
        )
        try FileCopy.run(input, to: output, status, at: text(directory.source, name))
        var tally = TreeCopy.Tally(entries: 1, bytes: Int64(status.st_size))
        let raw = output.raw
        if !isPlain {
            try systemCall("fchown", text(directory.target, name)) { fchown(raw, status.st_uid, status.st_gid) }
        }
        // After the owner, a change of which takes capabilities and set-user-ID bits away.
        tally.attributesLeftOut = try ExtendedAttributes(of: input, at: text(directory.source, name))
            .write(to: output, at: text(directory.target, name))
        if !isPlain {
            try systemCall("fchmod", text(directory.target, name)) { fchmod(raw, status.st_mode & 0o7777) }
        }
        let times = [status.st_atim, status.st_mtim]
        try systemCall("futimens", text(directory.target, name)) { futimens(raw, times) }
        return tally
    }
}

/// The contents of one regular file.
enum FileCopy {
    static let creating = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    private static let piece = 1 << 16

    static func run(
        _ input: borrowing FileDescriptor, to output: borrowing FileDescriptor, _ status: stat,
        at path: @autoclosure () -> String
    ) throws(SystemError) {
        let size = Int64(status.st_size)
        // Fewer blocks than bytes: holes, which would take memory, or an image that counts compressed blocks.
        let copied =
            Int64(status.st_blocks) * 512 < size
            ? try copyWithoutHoles(input, output, path()) : try send(size, input, output, path())
        guard copied == size else {
            throw SystemError(call: "copy", code: EIO, context: "\(path()), \(copied) of \(size) bytes")
        }
    }

    /// Within the kernel.
    private static func send(
        _ size: Int64, _ input: borrowing FileDescriptor, _ output: borrowing FileDescriptor,
        _ path: @autoclosure () -> String
    ) throws(SystemError) -> Int64 {
        let (from, into) = (input.raw, output.raw)
        var done: Int64 = 0
        while done < size {
            let sent = try systemCall("sendfile", path()) { sendfile(into, from, nil, 1 << 30) }
            if sent == 0 { break }
            done += Int64(sent)
        }
        return done
    }

    /// Leaves out pieces that are all zeros.
    private static func copyWithoutHoles(
        _ input: borrowing FileDescriptor, _ output: borrowing FileDescriptor, _ path: @autoclosure () -> String
    ) throws(SystemError) -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
        defer { buffer.deallocate() }
        let into = output.raw
        var done = 0
        while true {
            let got = try input.read(into: buffer, at: done)
            if !isZero(UnsafeRawBufferPointer(buffer), got) {
                var written = 0
                while written < got {
                    written += try systemCall("pwrite", path()) {
                        pwrite(into, buffer.baseAddress.map { $0 + written }, got - written, off_t(done + written))
                    }
                }
            }
            done += got
            if got < piece { break }
        }
        try systemCall("ftruncate", path()) { ftruncate(into, off_t(done)) }
        return Int64(done)
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Bool {
        guard let start = bytes.baseAddress, let first = bytes.first, count > 0 else { return true }
        // Each byte is like the one before it.
        return first == 0 && memcmp(start, start + 1, count - 1) == 0
    }
}
