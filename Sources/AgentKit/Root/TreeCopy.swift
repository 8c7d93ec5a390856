internal import Glibc
package import PacketIO
internal import Synchronization

/// Copies a tree of files that nobody changes, with everything that the kernel keeps of it: contents, holes, links,
/// hard links, device nodes, FIFOs, sockets, owners, permissions, times and extended attributes. Names are bytes.
///
/// The directories are made first; then several threads copy what is in them, a directory at a time. Files with several
/// names follow, and the directories' own attributes come last. Bounded by a number of entries, by PATH_MAX, and in
/// bytes by the file system that it copies to.
package struct TreeCopy {
    /// What was copied.
    package struct Tally: Hashable, Sendable {
        package var entries = 0
        /// Of regular files, each once.
        package var bytes: Int64 = 0
        /// Attributes of the class `user`, which the target does not keep: tmpfs before Linux 6.6.
        package var attributesLeftOut = 0

        package static func + (one: Tally, other: Tally) -> Tally {
            Tally(
                entries: one.entries + other.entries, bytes: one.bytes + other.bytes,
                attributesLeftOut: one.attributesLeftOut + other.attributesLeftOut)
        }
    }

    private let limit: Int
    private let joins: Bool
    private var directories: [TreeEntry] = []

    private init(limit: Int, joins: Bool) {
        self.limit = limit
        self.joins = joins
    }

    /// One for each processor: decompressing takes most of the time.
    private static let threads = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// - Parameters:
    ///   - source: a directory; what is mounted below it is copied, too.
    ///   - target: a directory that is there.
    ///   - limit: most entries.
    ///   - joining: directories that are there already take what is copied, as mount points do, and what else there is
    ///     under the same names is replaced.
    ///   - observe: told on this thread, after each entry that it copied, what all of them copied.
    /// - Throws: the call and the path that it failed on; E2BIG for more than `limit` entries, before any file is
    ///   copied.
    package static func run(
        from source: String, to target: String, limit: Int = TreeDifference.limit, joining: Bool = false,
        observe: (Tally) -> Void = { _ in }
    ) throws(SystemError) -> Tally {
        var copy = TreeCopy(limit: limit, joins: joining)
        try copy.makeDirectories(FilePath(source), FilePath(target))
        let work = TreeWork(copy.directories, joins: joining)
        // Where no thread is to be had, this one does it all.
        let others = (1..<threads).compactMap { _ in
            try? LoopThread(name: "copy", waker: Waker()) { work.run { _ in } }
        }
        work.run(observe)
        for thread in others { thread.join() }
        let (tally, linked) = try work.result()
        let more = try copy.copyLinked(linked)
        return tally + more + (try copy.finishDirectories())
    }

    // MARK: - Directories

    /// Makes all of them, and counts what is in them.
    private mutating func makeDirectories(_ source: FilePath, _ target: FilePath) throws(SystemError) {
        var entries = 0
        directories = [TreeEntry(source: source, target: target, status: try source.status())]
        var next = 0
        while next < directories.count {
            let (from, into) = (directories[next].source, directories[next].target)
            next += 1
            try from.list { (name, kind) throws(SystemError) in
                entries += 1
                guard entries <= limit else {
                    throw SystemError(call: "copy", code: E2BIG, context: "\(from.text), with more than \(limit) files")
                }
                guard kind != .other else { return }
                let child = TreeEntry(
                    source: from.appending(name), target: into.appending(name),
                    status: try from.appending(name).status())
                guard child.status.st_mode & S_IFMT == S_IFDIR else { return }
                try makeDirectory(child.target)
                directories.append(child)
            }
        }
    }

    private func makeDirectory(_ path: FilePath) throws(SystemError) {
        do throws(SystemError) {
            try systemCall("mkdir", path.text) { mkdir(path.bytes, 0o700) }
        } catch {
            guard joins, error.code == EEXIST else { throw error }
            if try path.status().st_mode & S_IFMT == S_IFDIR { return }
            try path.remove()
            try systemCall("mkdir", path.text) { mkdir(path.bytes, 0o700) }
        }
    }

    /// From the leaves up, and last: what is put into a directory changes its times.
    private func finishDirectories() throws(SystemError) -> Tally {
        var tally = Tally(entries: directories.count - 1)
        for directory in directories.reversed() {
            tally.attributesLeftOut += try ExtendedAttributes(of: directory.source).write(to: directory.target)
            try directory.target.own(directory.status)
            try directory.target.take(directory.status)
        }
        return tally
    }

    // MARK: - Files with several names

    private struct FileID: Hashable {
        let device: dev_t
        let number: ino_t
    }

    private func copyLinked(_ entries: [TreeEntry]) throws(SystemError) -> Tally {
        var tally = Tally()
        var copied: [FileID: FilePath] = [:]
        for entry in entries {
            let id = FileID(device: entry.status.st_dev, number: entry.status.st_ino)
            if let first = copied[id] {
                try entry.making("link", replacing: joins) { link(first.bytes, entry.target.bytes) }
                tally.entries += 1
            } else {
                tally = tally + (try entry.copy(replacing: joins))
                copied[id] = entry.target
            }
        }
        return tally
    }
}

/// What the threads of one copy share.
private final class TreeWork: Sendable {
    private struct State {
        var next = 0
        var tally = TreeCopy.Tally()
        var linked: [TreeEntry] = []
        var failure: SystemError?
    }

    private let directories: [TreeEntry]
    private let joins: Bool
    private let state = Mutex(State())

    init(_ directories: [TreeEntry], joins: Bool) {
        self.directories = directories
        self.joins = joins
    }

    /// Copies one directory after the other until none is left, or one failed.
    func run(_ observe: (TreeCopy.Tally) -> Void) {
        while let directory = next() {
            do throws(SystemError) {
                let linked = try DirectoryCopy(directory, joins: joins).run { copied in
                    let (all, goesOn) = add(copied)
                    observe(all)
                    return goesOn
                }
                state.withLock { $0.linked += linked }
            } catch {
                state.withLock { $0.failure = $0.failure ?? error }
            }
        }
    }

    private func next() -> TreeEntry? {
        state.withLock { state in
            guard state.failure == nil, directories.indices.contains(state.next) else { return nil }
            defer { state.next += 1 }
            return directories[state.next]
        }
    }

    private func add(_ copied: TreeCopy.Tally) -> (all: TreeCopy.Tally, goesOn: Bool) {
        state.withLock { state in
            state.tally = state.tally + copied
            return (state.tally, state.failure == nil)
        }
    }

    func result() throws(SystemError) -> (TreeCopy.Tally, linked: [TreeEntry]) {
        let (tally, linked, failure) = state.withLock { ($0.tally, $0.linked, $0.failure) }
        if let failure { throw failure }
        return (tally, linked)
    }
}
