internal import CapsuleFormat
internal import Glibc

/// Changes a root that was made as a description says. Every name is looked up as the root's own programs would: links
/// are followed within it, and lead outside never.
struct RootEditor {
    let directory: String
    /// Whether owners can be set.
    let asRoot: Bool
    /// Of everything that is written: one that the same root gives again.
    let time: Int64

    /// What a file that is made is to be like.
    struct Status {
        var permissions: UInt32
        var owner: UInt32 = 0
        var group: UInt32 = 0
    }

    /// Puts a file in the place of what has its name.
    func put(_ path: String, _ bytes: [UInt8], _ status: Status) throws {
        try change(path) { parent, name in
            if parent.status(name) != nil { try parent.removeTree(name) }
            let file = try parent.createFile(name)
            try file.write(bytes.span.bytes)
            try dress(name, in: parent, status)
        }
    }

    func copy(_ source: String, to path: String, _ status: Status) throws {
        try change(path) { parent, name in
            let input = try OpenFile.following(source)
            if parent.status(name) != nil { try parent.removeTree(name) }
            let output = try parent.createFile(name)
            var piece: [UInt8] = []
            while try input.read(1 << 20, into: &piece) > 0 {
                try output.write(piece.span.bytes)
                piece.removeAll(keepingCapacity: true)
            }
            try dress(name, in: parent, status)
        }
    }

    func link(_ path: String, to target: String) throws {
        try change(path) { parent, name in
            if parent.status(name) != nil { try parent.removeTree(name) }
            try parent.makeSymbolicLink(name, to: Array(target.utf8))
            try parent.setTime(name, time)
        }
    }

    /// Makes a directory; one that is there keeps what is in it.
    func makeDirectory(_ path: String, _ status: Status) throws {
        try change(path) { parent, name in
            if parent.status(name) != nil, !parent.isDirectory(name) { try parent.removeTree(name) }
            if parent.status(name) == nil { try parent.makeDirectory(name) }
            try dress(name, in: parent, status)
        }
    }

    /// The text of a file; nil where there is none.
    func text(_ path: String) throws -> String? {
        guard let file = try ImageFiles(directory: directory).open(String(path.drop { $0 == "/" })) else { return nil }
        var bytes: [UInt8] = []
        while try file.read(1 << 16, into: &bytes) > 0 {
            guard bytes.count <= 16 << 20 else { throw StoreError.fileTooLarge(path: path, limit: 16 << 20) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func exists(_ path: String) -> Bool {
        guard let path = try? TreePath(Array(path.utf8.drop { $0 == 0x2F })), let name = path.last,
            var walk = try? TreeWalk(directory, followingLinks: true)
        else { return false }
        return (try? walk.directory(path.parent))?.status(name) != nil
    }

    private func dress(_ name: [UInt8], in parent: TreeDirectory, _ status: Status) throws(StoreError) {
        if asRoot { try parent.setOwner(name, status.owner, status.group) }
        try parent.setPermissions(name, status.permissions)
        try parent.setTime(name, time)
    }

    private func change(_ path: String, _ body: (TreeDirectory, [UInt8]) throws -> Void) throws {
        do {
            let place = try TreePath(Array(path.utf8.drop { $0 == 0x2F }))
            guard let name = place.last else { throw CapsuleBuildError.badSource(path: path, reason: "no file's name") }
            var walk = try TreeWalk(directory, followingLinks: true)
            let parent = try walk.directory(place.parent) { _, parent, name throws(StoreError) in
                try parent.makeDirectory(name)
                try parent.setPermissions(name, 0o755)
            }
            try body(parent, name)
        } catch let fault as TreePath.Fault {
            throw CapsuleBuildError.badSource(path: path, reason: fault.words)
        } catch let fault as TreeWalk.Fault {
            switch fault {
            case .system(let error): throw error
            case .link(let place):
                throw CapsuleBuildError.badSource(path: path, reason: "\(place.text) is a loop of links")
            case .notADirectory(let place), .missing(let place):
                throw CapsuleBuildError.badSource(path: path, reason: "\(place.text) in the root is no directory")
            }
        }
    }
}
