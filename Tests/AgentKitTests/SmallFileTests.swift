import Glibc
import PacketIO
import Testing

@testable import AgentKit

@Suite struct SmallFileTests {
    @Test func replacesALinkInsteadOfWritingThroughIt() throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        try SmallFile.replace("\(directory)/secret", with: Array("keep".utf8))
        symlink("\(directory)/secret", "\(directory)/link")
        try SmallFile.replace("\(directory)/link", with: Array("new\n".utf8), permissions: 0o600)
        #expect(SmallFile.text("\(directory)/secret") == "keep")
        #expect(SmallFile.text("\(directory)/link") == "new")
        var found = stat()
        #expect(lstat("\(directory)/link", &found) == 0 && found.st_mode == S_IFREG | 0o600)
        #expect(SmallFile.names(in: directory) == ["link", "secret"])
    }

    @Test func namesThePathInAnError() {
        let error = #expect(throws: SystemError.self) { try SmallFile.read("/no/such/file") }
        #expect(error?.context == "/no/such/file")
        #expect(SmallFile.text("/no/such/file") == nil)
        #expect(SmallFile.names(in: "/no/such").isEmpty)
    }

    @Test func linksOfAnotherRootAreItsOwn() throws {
        let scratch = try ScratchDirectory()
        let root = scratch.path + "/root"
        try SmallFile.makeDirectory(root + "/lib/x")
        try SmallFile.makeDirectory(root + "/lib64")
        try SmallFile.replace(root + "/lib/x/loader", with: Array("its own".utf8))
        for (name, target) in [("own", "/lib/x/loader"), ("up", "../../../../lib/x/loader")] {
            #expect(symlink(target, "\(root)/lib64/\(name)") == 0)
            let file = try SmallFile.open("/lib64/\(name)", within: root)
            #expect(try file.readAll(limit: 100) == Array("its own".utf8))
        }
        #expect(symlink("/etc/hostname", root + "/outside") == 0)
        #expect(throws: SystemError.self) { _ = try SmallFile.open("/outside", within: root) }
    }
}
