internal import Glibc
package import PacketIO

/// What differs between two trees of files: kinds, permissions, owners, contents, link targets and extended attributes,
/// never times.
package struct TreeDifference {
    package struct Change: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable {
            case added, changed, removed
        }

        /// From the trees' root: `/etc/motd`.
        package var path: String
        package var kind: Kind

        package init(_ path: String, _ kind: Kind) {
            self.path = path
            self.kind = kind
        }
    }

    /// Whose a path is.
    package enum Owner: Hashable, Sendable {
        /// The new tree's: it becomes as it is there.
        case image
        /// The old tree's, but for what it lacks.
        case data
        /// The old tree's, with all that is below.
        case node
    }

    /// Says whose a path is; nil: as the directory that it is in.
    package typealias Ownership = (_ path: String, _ isDirectory: Bool) -> Owner?

    /// Most entries of one tree that are looked at.
    static let limit = 4_000_000

    /// What turns the old tree into the new one: what stands in the way of files first, then directories before what is in
    /// them, what was removed last and from the leaves up.
    package private(set) var changes: [Change] = []
    /// Directories that are none in the new tree, with something in them that is the old tree's own: they stay.
    package private(set) var blocked: [String] = []

    private let old: String
    private let new: String
    private let owner: Ownership
    private var seen = 0

    /// What turns the tree at `old` into the one at `new`. The old one may change meanwhile.
    package static func between(
        _ old: String, _ new: String, owner: @escaping Ownership = { _, _ in nil }
    ) throws(SystemError) -> TreeDifference {
        var difference = TreeDifference(old: old, new: new, owner: owner)
        try difference.walk()
        return difference
    }

    private init(old: String, new: String, owner: @escaping Ownership) {
        self.old = old
        self.new = new
        self.owner = owner
    }

    private struct Directory {
        var path: String
        var owner: Owner
        /// Whether the old tree has it, as a directory.
        var isInOld: Bool
    }

    private mutating func walk() throws(SystemError) {
        var added: [Change] = []
        var removed: [Change] = []
        var waiting = [Directory(path: "", owner: .image, isInOld: true)]
        while let directory = waiting.popLast() {
            var before = try directory.isInOld ? oldNames(in: directory.path) : []
            let names = try newNames(in: directory.path)
            try count(names.count + before.count)
            for name in names {
                let path = "\(directory.path)/\(name)"
                let now = try Entry(new + path)
                let then = before.remove(name) == nil ? nil : Entry(there: old + path)
                let owner = owner(path, now.isDirectory) ?? directory.owner
                if owner == .node { continue }
                if let then, !then.isDirectory || !now.isDirectory, owner == .data { continue }
                if let then, owner == .image, try !now.isSame(as: then) {
                    if then.isDirectory, !now.isDirectory, try !empty(path, owner) { continue }
                    added.append(Change(path, .changed))
                } else if then == nil {
                    added.append(Change(path, .added))
                }
                if now.isDirectory {
                    waiting.append(Directory(path: path, owner: owner, isInOld: then?.isDirectory == true))
                }
            }
            for name in before.sorted() {
                _ = try remove("\(directory.path)/\(name)", in: directory.owner, into: &removed)
            }
        }
        changes += added.sorted { $0.path < $1.path } + removed.sorted { $0.path > $1.path }
    }

    /// A directory that cannot be read is not taken for an empty one: all that the other tree has would go.
    private func newNames(in path: String) throws(SystemError) -> [String] {
        var names: [String] = []
        for bytes in try Self.list("\(new)\(path)/") {
            guard let name = bytes else {
                throw SystemError(call: "readdir", code: EILSEQ, context: "\(new)\(path), a name that is not UTF-8")
            }
            names.append(name)
        }
        return names.sorted()
    }

    /// Those that are not UTF-8 stay as they are.
    private func oldNames(in path: String) throws(SystemError) -> Set<String> {
        do throws(SystemError) {
            return Set(try Self.list("\(old)\(path)/").compactMap { $0 })
        } catch {
            // Gone meanwhile.
            guard error.code == ENOENT else { throw error }
            return []
        }
    }

    /// Nil for a name that is not UTF-8.
    private static func list(_ directory: String) throws(SystemError) -> [String?] {
        var names: [String?] = []
        try FilePath(directory).list { (name, _) throws(SystemError) in names.append(String(validatingCString: name)) }
        return names
    }

    private mutating func count(_ entries: Int) throws(SystemError) {
        seen += entries
        guard seen <= Self.limit else { throw SystemError(call: "walk", code: E2BIG, context: new) }
    }

    /// Has a directory emptied that something else takes the place of.
    /// - Returns: false where it stays.
    private mutating func empty(_ path: String, _ owner: Owner) throws(SystemError) -> Bool {
        var inside: [Change] = []
        guard try remove(path, in: owner, into: &inside) else {
            blocked.append(path)
            return false
        }
        changes += inside.dropLast()
        return true
    }

    /// Adds what goes of a path that the new tree lacks, from the leaves up.
    /// - Returns: whether all of it goes.
    private mutating func remove(
        _ path: String, in above: Owner, into changes: inout [Change]
    ) throws(SystemError) -> Bool {
        try count(1)
        // Gone meanwhile.
        guard let entry = Entry(there: old + path) else { return true }
        let owner = owner(path, entry.isDirectory) ?? above
        if owner == .node { return false }
        var isAll = owner == .image
        if entry.isDirectory {
            for name in try oldNames(in: path).sorted() {
                isAll = try remove("\(path)/\(name)", in: owner, into: &changes) && isAll
            }
        }
        if isAll { changes.append(Change(path, .removed)) }
        return isAll
    }

    /// One name in a tree.
    struct Entry {
        let path: String
        let status: stat

        init(_ path: String) throws(SystemError) {
            var status = stat()
            try systemCall("lstat", path) { lstat(path, &status) }
            self.path = path
            self.status = status
        }

        /// Nil where there is no such name.
        init?(there path: String) {
            guard let entry = try? Entry(path) else { return nil }
            self = entry
        }

        var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }
        var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }
        var isLink: Bool { status.st_mode & S_IFMT == S_IFLNK }

        /// - Parameter other: may have gone, and is then another.
        func isSame(as other: Entry) throws(SystemError) -> Bool {
            guard status.st_mode == other.status.st_mode, status.st_uid == other.status.st_uid,
                status.st_gid == other.status.st_gid
            else { return false }
            if isLink { return try target() == (try? other.target()) }
            if isDirectory { return try attributes().isSubset(of: other.attributes()) }
            if !isFile { return status.st_rdev == other.status.st_rdev }
            guard status.st_size == other.status.st_size, try hasSameContents(as: other) else { return false }
            return try attributes() == other.attributes()
        }

        func target() throws(SystemError) -> String {
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = try systemCall("readlink", path) { readlink(path, &bytes, bytes.count) }
            return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        /// Without the label that a kernel with SELinux gives by its own policy.
        private func attributes() throws(SystemError) -> Set<ExtendedAttributes.Attribute> {
            let label = Array("security.selinux".utf8).map { CChar(bitPattern: $0) }
            return Set(try ExtendedAttributes(of: FilePath(path)).values.filter { $0.name != label })
        }

        private func hasSameContents(as other: Entry) throws(SystemError) -> Bool {
            let mine = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
            guard let theirs = try? FileDescriptor.open(other.path, O_RDONLY | O_NOFOLLOW) else { return false }
            let piece = 1 << 18
            var offset = 0
            while true {
                let bytes = try mine.bytes(piece, at: offset)
                guard try bytes == theirs.bytes(piece, at: offset) else { return false }
                if bytes.count < piece { return true }
                offset += piece
            }
        }
    }
}
