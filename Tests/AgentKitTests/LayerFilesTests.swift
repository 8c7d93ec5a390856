import CapsuleFormat
import FoundationEssentials
import Glibc
import PacketIO
import Testing

@testable import AgentKit

@Suite struct LayerFilesTests {
    private func layer(_ path: String, _ text: String, mode: UInt32 = 0o644) throws -> NodeLayer {
        try NodeLayer([
            .init(path: path, mode: mode, owner: getuid(), group: getgid(), contents: Data(text.utf8))
        ])
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try systemCall("lstat") { lstat(path, &status) }
        return status.st_mode & 0o7777
    }

    @Test func writesFilesWithTheirModes() throws {
        let root = try ScratchDirectory()
        try LayerFiles.apply(layer("/etc/munge/munge.key", "secret", mode: 0o600), to: root.path)
        #expect(SmallFile.text(root.path + "/etc/munge/munge.key") == "secret")
        #expect(try mode(root.path + "/etc/munge/munge.key") == 0o600)
        // Once more, in the place of what is there.
        try LayerFiles.apply(layer("/etc/munge/munge.key", "other", mode: 0o4755), to: root.path)
        #expect(SmallFile.text(root.path + "/etc/munge/munge.key") == "other")
        #expect(try mode(root.path + "/etc/munge/munge.key") == 0o4755)
    }

    @Test func followsLinksInTheRootAndNoneOut() throws {
        let root = try ScratchDirectory()
        let outside = try ScratchDirectory()
        try SmallFile.makeDirectory(root.path + "/usr/lib")
        try systemCall("symlink") { symlink("usr/lib", root.path + "/lib") }
        try LayerFiles.apply(layer("/lib/thing.conf", "1"), to: root.path)
        #expect(SmallFile.text(root.path + "/usr/lib/thing.conf") == "1")
        try systemCall("symlink") { symlink(outside.path, root.path + "/out") }
        #expect(throws: RootProblem.self) { try LayerFiles.apply(layer("/out/thing.conf", "1"), to: root.path) }
        #expect(SmallFile.names(in: outside.path).isEmpty)
        // A link in the place of the file itself is replaced, not written through.
        try SmallFile.replace(outside.path + "/target", with: [1])
        try systemCall("symlink") { symlink(outside.path + "/target", root.path + "/file") }
        try LayerFiles.apply(layer("/file", "2"), to: root.path)
        #expect(try SmallFile.read(outside.path + "/target") == [1])
        #expect(SmallFile.text(root.path + "/file") == "2")
    }
}
