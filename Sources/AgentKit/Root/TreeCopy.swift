internal import Glibc
package import PacketIO

/// Copies a tree of files that nobody changes, with everything that the kernel keeps of it: contents, holes, links,
/// hard links, device nodes, FIFOs, sockets, owners, permissions, times and extended attributes. Names are bytes.
///
/// Bounded by a number of entries, by PATH_MAX, and in bytes by the file system that it copies to.
package struct TreeCopy {
    /// What was copied.
    package struct Tally: Hashable, Sendable {
        package var entries = 0
        /// Of regular files, each once.
        package var bytes: Int64 = 0
        /// Attributes of the class `user`, which the target does not keep: tmpfs before Linux 6.6.
        package var attributesLeftOut = 0
    }

    private struct FileID: Hashable {
        let device: dev_t
        let number: ino_t
    }

    private let limit: Int
    private var tally = Tally()
    /// Where a file that has several names was copied to.
    private var copied: [FileID: FilePath] = [:]

    private let joins: Bool

    private init(limit: Int, joins: Bool) {
        self.limit = limit
        self.joins = joins
    }

    /// - Parameters:
    ///   - source: a directory; what is mounted below it is copied, too.
    ///   - target: a directory that is there, empty.
    ///   - limit: most entries.
    ///   - joining: directories that are there already take what is copied, as mount points do.
    ///   - observe: told after each entry.
    /// - Throws: the call and the path that it failed on; E2BIG for more than `limit` entries.
    package static func run(
        from source: String, to target: String, limit: Int = TreeDifference.limit, joining: Bool = false,
        observe: (Tally) -> Void = { _ in }
    ) throws(SystemError) -> Tally {
        var copy = TreeCopy(limit: limit, joins: joining)
        try copy.run(FilePath(source), FilePath(target), observe)
        return copy.tally
    }

    private mutating func run(
        _ source: FilePath, _ target: FilePath, _ observe: (Tally) -> Void
    ) throws(SystemError) {
        var waiting = [(source, target)]
        var directories: [(status: stat, target: FilePath)] = []
        while let (from, into) = waiting.popLast() {
            directories.append((try from.status(), into))
            for name in try from.names() {
                tally.entries += 1
                guard tally.entries <= limit else {
                    throw SystemError(call: "copy", code: E2BIG, context: "\(from.text), with more than \(limit) files")
                }
                let (child, copy) = (from.appending(name), into.appending(name))
                let status = try child.status()
                if status.st_mode & S_IFMT == S_IFDIR {
                    try makeDirectory(copy)
                    waiting.append((child, copy))
                } else {
                    try self.copy(child, to: copy, status)
                    observe(tally)
                }
            }
            try copyAttributes(from, to: into)
            observe(tally)
        }
        // From the leaves up, and last: what is put into a directory changes its times.
        for (status, directory) in directories.reversed() { try directory.take(status) }
    }

    private func makeDirectory(_ path: FilePath) throws(SystemError) {
        do throws(SystemError) {
            try systemCall("mkdir", path.text) { mkdir(path.bytes, 0o700) }
        } catch {
            guard joins, error.code == EEXIST, try path.status().st_mode & S_IFMT == S_IFDIR else { throw error }
        }
    }

    private mutating func copy(_ source: FilePath, to target: FilePath, _ status: stat) throws(SystemError) {
        let id = FileID(device: status.st_dev, number: status.st_ino)
        if status.st_nlink > 1, let first = copied[id] {
            try systemCall("link", target.text) { link(first.bytes, target.bytes) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            try FileCopy.run(source, to: target, status)
            tally.bytes += Int64(status.st_size)
        case S_IFLNK:
            let destination = try source.linkTarget()
            try systemCall("symlink", target.text) { symlink(destination, target.bytes) }
        default:
            try systemCall("mknod", target.text) {
                mknod(target.bytes, status.st_mode & S_IFMT | 0o600, status.st_rdev)
            }
        }
        // The owner first: a change of it takes capabilities and set-user-ID bits away.
        try target.own(status)
        try copyAttributes(source, to: target)
        try target.take(status)
        if status.st_nlink > 1 { copied[id] = target }
    }

    private mutating func copyAttributes(_ source: FilePath, to target: FilePath) throws(SystemError) {
        for (name, value) in try source.attributes() {
            do throws(SystemError) {
                try target.setAttribute(name, value)
            } catch {
                guard error.code == EOPNOTSUPP, name.starts(with: Array("user.".utf8).map { CChar($0) }) else {
                    throw error
                }
                tally.attributesLeftOut += 1
            }
        }
    }
}

/// The contents of one regular file.
enum FileCopy {
    private static let piece = 1 << 16

    static func run(_ source: FilePath, to target: FilePath, _ status: stat) throws(SystemError) {
        let input = try source.open(O_RDONLY | O_NOFOLLOW)
        let output = try target.open(O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        // Fewer blocks than bytes: holes, which would take memory, or an image that counts compressed blocks.
        let copied =
            Int64(status.st_blocks) * 512 < Int64(status.st_size)
            ? try copyWithoutHoles(input, output, target) : try send(input, output, target)
        guard copied == Int64(status.st_size) else {
            throw SystemError(call: "copy", code: EIO, context: "\(source.text), \(copied) of \(status.st_size) bytes")
        }
    }

    /// Within the kernel.
    private static func send(
        _ input: borrowing FileDescriptor, _ output: borrowing FileDescriptor, _ target: FilePath
    ) throws(SystemError) -> Int64 {
        let (from, into) = (input.raw, output.raw)
        var done: Int64 = 0
        while true {
            let sent = try systemCall("sendfile", target.text) { sendfile(into, from, nil, 1 << 30) }
            if sent == 0 { return done }
            done += Int64(sent)
        }
    }

    /// Leaves out pieces that are all zeros.
    private static func copyWithoutHoles(
        _ input: borrowing FileDescriptor, _ output: borrowing FileDescriptor, _ target: FilePath
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
                    written += try systemCall("pwrite", target.text) {
                        pwrite(into, buffer.baseAddress.map { $0 + written }, got - written, off_t(done + written))
                    }
                }
            }
            done += got
            if got < piece { break }
        }
        try systemCall("ftruncate", target.text) { ftruncate(into, off_t(done)) }
        return Int64(done)
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Bool {
        guard let start = bytes.baseAddress, let first = bytes.first, count > 0 else { return true }
        // Each byte is like the one before it.
        return first == 0 && memcmp(start, start + 1, count - 1) == 0
    }
}
