import CLinux
import Glibc
import PacketIO
import Testing

@testable import AgentKit

/// Trees of which parts are the node's own, and whose entries become other kinds.
@Suite struct TreeDifferenceTests {
    private typealias Change = TreeDifference.Change

    private func write(_ root: ScratchDirectory, _ paths: String...) throws {
        for path in paths {
            let full = root.path + path
            if path.hasSuffix("/") {
                try SmallFile.makeDirectory(full)
            } else {
                try SmallFile.makeDirectory(String(full[..<(full.lastIndex(of: "/") ?? full.endIndex)]))
                try SmallFile.replace(full, with: Array(path.utf8))
            }
        }
    }

    private func owner(_ path: String, _ isDirectory: Bool) -> TreeDifference.Owner? {
        switch path {
        case "/node": .node
        case "/data": .data
        case "/data/packages": .image
        default: nil
        }
    }

    @Test func leavesToTheNodeWhatIsItsOwn() throws {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        try write(old, "/node/a", "/data/kept/x", "/data/packages/old", "/etc/gone", "/etc/deep/node/", "/data/link/")
        try write(new, "/node/b", "/data/fresh/y", "/data/kept/z", "/data/packages/new", "/etc/")
        // What is there under another kind is the node's, too.
        try SmallFile.replace(new.path + "/data/link", with: [])
        let difference = try TreeDifference.between(old.path, new.path, owner: owner)
        #expect(
            difference.changes == [
                Change("/data/fresh", .added), Change("/data/fresh/y", .added), Change("/data/kept/z", .added),
                Change("/data/packages/new", .added), Change("/etc/gone", .removed), Change("/etc/deep/node", .removed),
                Change("/etc/deep", .removed), Change("/data/packages/old", .removed),
            ])
        let outcome = TreeUpdate.run(difference.changes, from: new.path, to: old.path, isDurable: true)
        #expect(outcome.failed.isEmpty)
        #expect(try TreeDifference.between(old.path, new.path, owner: owner).changes.isEmpty)
        #expect(SmallFile.exists(old.path + "/node/a") && SmallFile.exists(old.path + "/data/kept/x"))
        #expect(!SmallFile.exists(old.path + "/node/b"))
    }

    /// A directory goes with all that is in it, but not if the node has something there.
    @Test func aDirectoryStaysWithWhatIsTheNodes() throws {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        try write(old, "/a/own/x", "/a/y", "/b/own/x", "/b/y", "/c/d/e")
        try write(new, "/b")
        try systemCall("symlink") { symlink("elsewhere", new.path + "/c") }
        let difference = try TreeDifference.between(old.path, new.path) { path, _ in
            path.hasSuffix("/own") ? .node : nil
        }
        #expect(difference.blocked == ["/b"])
        #expect(
            difference.changes == [
                Change("/c/d/e", .removed), Change("/c/d", .removed), Change("/c", .changed), Change("/a/y", .removed),
            ])
        #expect(TreeUpdate.run(difference.changes, from: new.path, to: old.path).failed.isEmpty)
        #expect(SmallFile.linkedName(old.path + "/c") == "elsewhere")
        #expect(SmallFile.exists(old.path + "/b/y") && SmallFile.exists(old.path + "/a/own/x"))
    }

    /// What was a link to a directory is none of that directory's entries.
    @Test func aLinkBecomesADirectory() throws {
        let (old, new, other) = (try ScratchDirectory(), try ScratchDirectory(), try ScratchDirectory())
        try write(other, "/file")
        try systemCall("symlink") { symlink(other.path, old.path + "/place") }
        try write(new, "/place/file", "/place/more")
        let changes = try TreeDifference.between(old.path, new.path).changes
        #expect(changes.map(\.path) == ["/place", "/place/file", "/place/more"])
        #expect(TreeUpdate.run(changes, from: new.path, to: old.path).failed.isEmpty)
        #expect(SmallFile.names(in: old.path + "/place") == ["file", "more"])
        #expect(SmallFile.names(in: other.path) == ["file"])
        #expect(try TreeDifference.between(old.path, new.path).changes.isEmpty)
    }

    /// A program without its capabilities is another program.
    @Test func comparesAndBringsAttributes() throws {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        for root in [old, new] { try write(root, "/ping", "/same") }
        try systemCall("lsetxattr") { perseid_lsetxattr(new.path + "/ping", "user.mark", "1", 1) }
        let changes = try TreeDifference.between(old.path, new.path).changes
        #expect(changes == [Change("/ping", .changed)])
        #expect(TreeUpdate.run(changes, from: new.path, to: old.path).failed.isEmpty)
        #expect(try TreeDifference.between(old.path, new.path).changes.isEmpty)
    }

    /// What an update that was cut off left beside a file goes with the next one.
    @Test func clearsWhatWasCutOff() throws {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        try write(old, "/etc/motd", "/etc/motd.perseid-new", "/etc/same.perseid-new", "/etc/same")
        try write(new, "/etc/motd", "/etc/same")
        try SmallFile.replace(new.path + "/etc/motd", with: [1])
        let changes = try TreeDifference.between(old.path, new.path).changes
        #expect(TreeUpdate.run(changes, from: new.path, to: old.path, isDurable: true).failed.isEmpty)
        #expect(SmallFile.names(in: old.path + "/etc") == ["motd", "same"])
        #expect(try TreeDifference.between(old.path, new.path).changes.isEmpty)
    }

    /// A tree that cannot be read is not an empty one.
    @Test func aTreeThatIsNotThereIsAnError() throws {
        let old = try ScratchDirectory()
        try write(old, "/etc/motd")
        #expect(throws: SystemError.self) { try TreeDifference.between(old.path, old.path + "/none") }
    }
}
