internal import Glibc
package import PacketIO

/// What differs between two trees of files: kinds, permissions, owners, contents and link targets, never times.
package enum TreeDifference {
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

    /// Most entries of one tree that are looked at.
    static let limit = 4_000_000

    /// What turns the tree at `old` into the one at `new`, directories before what is in them, what was removed last
    /// and from the leaves up.
    package static func between(_ old: String, _ new: String) throws(SystemError) -> [Change] {
        var added: [Change] = []
        var removed: [Change] = []
        var waiting = [""]
        var seen = 0
        while let directory = waiting.popLast() {
            let before = Set(SmallFile.names(in: "\(old)\(directory)/"))
            let after = SmallFile.names(in: "\(new)\(directory)/")
            seen += after.count + before.count
            guard seen <= limit else { throw SystemError(call: "walk", code: E2BIG, context: new) }
            for name in after {
                let path = "\(directory)/\(name)"
                let (now, then) = (try Entry(new + path), before.contains(name) ? try Entry(old + path) : nil)
                if let then {
                    if try !now.isSame(as: then) { added.append(Change(path, .changed)) }
                } else {
                    added.append(Change(path, .added))
                }
                if now.isDirectory { waiting.append(path) }
            }
            for name in before.subtracting(after).sorted() {
                try remove("\(directory)/\(name)", below: old, into: &removed)
            }
        }
        return added.sorted { $0.path < $1.path } + removed.sorted { $0.path > $1.path }
    }

    private static func remove(
        _ path: String, below root: String, into changes: inout [Change]
    ) throws(SystemError) {
        var waiting = [path]
        while let path = waiting.popLast() {
            changes.append(Change(path, .removed))
            guard try Entry(root + path).isDirectory else { continue }
            waiting += SmallFile.names(in: "\(root)\(path)/").map { "\(path)/\($0)" }
        }
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

        var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }
        var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }
        var isLink: Bool { status.st_mode & S_IFMT == S_IFLNK }

        func isSame(as other: Entry) throws(SystemError) -> Bool {
            guard status.st_mode == other.status.st_mode, status.st_uid == other.status.st_uid,
                status.st_gid == other.status.st_gid
            else { return false }
            if isLink { return try target() == other.target() }
            if !isFile { return isDirectory || status.st_rdev == other.status.st_rdev }
            return status.st_size == other.status.st_size ? try hasSameContents(as: other) : false
        }

        func target() throws(SystemError) -> String {
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = try systemCall("readlink", path) { readlink(path, &bytes, bytes.count) }
            return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        private func hasSameContents(as other: Entry) throws(SystemError) -> Bool {
            let mine = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
            let theirs = try FileDescriptor.open(other.path, O_RDONLY | O_NOFOLLOW)
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
