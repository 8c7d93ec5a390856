import CLinux
import Glibc
import PacketIO
import SwiftOverlayShims
import Testing

@testable import AgentKit

@Suite struct TreeCopyTests {
    private let source: ScratchDirectory
    private let target: ScratchDirectory

    init() throws {
        source = try ScratchDirectory()
        target = try ScratchDirectory()
    }

    private func status(_ path: String) throws -> stat {
        var status = stat()
        try systemCall("lstat", path) { lstat(path, &status) }
        return status
    }

    private func date(_ path: String, _ seconds: Int) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: 123_000_000)
        try systemCall("utimensat", path) { utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW) }
    }

    @Test func keepsContentsLinksModesAndTimes() throws {
        let (from, into) = (source.path, target.path)
        let big = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try SmallFile.makeDirectory(from + "/a/b")
        try SmallFile.replace(from + "/a/big", with: big, permissions: 0o4751)
        try SmallFile.replace(from + "/a/empty", with: [], permissions: 0o600)
        try systemCall("link") { link(from + "/a/big", from + "/a/b/same") }
        try systemCall("symlink") { symlink("../nowhere", from + "/a/b/link") }
        try systemCall("mkfifo") { mkfifo(from + "/fifo", 0o640) }
        try systemCall("chmod") { chmod(from + "/a/b", 0o1770) }
        let paths = ["/a/big", "/a/empty", "/a/b/link", "/fifo", "/a/b", "/a", ""]
        for (index, path) in paths.enumerated() { try date(from + path, 1_000_000_000 + index) }

        let tally = try TreeCopy.run(from: from, to: into)
        #expect(tally == TreeCopy.Tally(entries: 7, bytes: 300_000, attributesLeftOut: 0))
        #expect(try SmallFile.read(into + "/a/big") == big)
        #expect(try status(into + "/a/b/same").st_ino == status(into + "/a/big").st_ino)
        #expect(try status(into + "/a/big").st_nlink == 2)
        for path in paths {
            let (copy, original) = (try status(into + path), try status(from + path))
            #expect(copy.st_mode == original.st_mode, "\(path)")
            #expect(copy.st_uid == original.st_uid && copy.st_gid == original.st_gid, "\(path)")
            #expect(copy.st_mtim.tv_sec == original.st_mtim.tv_sec, "\(path)")
            #expect(copy.st_mtim.tv_nsec == original.st_mtim.tv_nsec, "\(path)")
        }
        var text = [CChar](repeating: 0, count: 64)
        #expect(readlink(into + "/a/b/link", &text, 63) == 10)
        #expect(text.prefix(10).map { UInt8(bitPattern: $0) } == Array("../nowhere".utf8))
    }

    @Test func keepsHolesAndWhatIsBetweenThem() throws {
        let path = source.path + "/sparse"
        do {
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT)
            try systemCall("ftruncate") { ftruncate(file.raw, 8 << 20) }
            try systemCall("pwrite") { pwrite(file.raw, "island", 6, (4 << 20) + 10) }
        }
        try #require(try status(path).st_blocks * 512 < 8 << 20)
        _ = try TreeCopy.run(from: source.path, to: target.path)
        #expect(try SmallFile.read(target.path + "/sparse") == SmallFile.read(path))
        #expect(try status(target.path + "/sparse").st_blocks * 512 < 1 << 20)
    }

    @Test func keepsNamesThatAreNoUTF8() throws {
        let name: [CChar] = Array((source.path + "/").utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0x78, 0]
        try systemCall("mkdir") { mkdir(name, 0o755) }
        _ = try TreeCopy.run(from: source.path, to: target.path)
        let copy: [CChar] = Array((target.path + "/").utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0x78, 0]
        #expect(access(copy, F_OK) == 0)
    }

    @Test(.enabled(if: geteuid() == 0)) func keepsOwnersDevicesAndAttributes() throws {
        let (from, into) = (source.path, target.path)
        try SmallFile.replace(from + "/program", with: [1, 2, 3])
        try systemCall("chown") { chown(from + "/program", 12, 34) }
        // cap_net_raw=ep of version 2, linux/capability.h: a change of owner afterwards would take it away.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        try systemCall("lsetxattr") {
            perseid_lsetxattr(from + "/program", "security.capability", capability, capability.count)
        }
        // Containers without CAP_MKNOD have none.
        let hasDevice = mknod(from + "/null", S_IFCHR | 0o666, makedev(1, 3)) == 0
        _ = try TreeCopy.run(from: from, to: into)
        let copy = try status(into + "/program")
        #expect(copy.st_uid == 12 && copy.st_gid == 34)
        var value = [UInt8](repeating: 0, count: 64)
        let count = perseid_lgetxattr(into + "/program", "security.capability", &value, value.count)
        #expect(Array(value.prefix(max(0, count))) == capability)
        if hasDevice {
            #expect(try status(into + "/null").st_rdev == status(from + "/null").st_rdev)
            #expect(try status(into + "/null").st_mode == status(from + "/null").st_mode)
        }
    }

    private func makedev(_ major: UInt64, _ minor: UInt64) -> dev_t { dev_t(major << 8 | minor) }

    /// More directories than threads; modes that umask(2) would cut, and names of one file in several directories.
    @Test func copiesManyDirectories() throws {
        let (from, into) = (source.path, target.path)
        let modes: [UInt32] = [0o644, 0o600, 0o755, 0o664, 0o777, 0o4755, 0o2750, 0o000]
        for number in 0..<200 {
            let directory = "\(from)/\(number % 7)/\(number)"
            try SmallFile.makeDirectory(directory)
            for file in 0..<10 {
                let path = "\(directory)/\(file)"
                try SmallFile.replace(path, with: Array("\(number) \(file)".utf8))
                try systemCall("chmod") { chmod(path, modes[(number + file) % modes.count]) }
            }
            try systemCall("link") { link("\(from)/0/0/1", "\(directory)/first") }
            try systemCall("chmod") { chmod(directory, number % 3 == 0 ? 0o2775 : 0o755) }
        }
        var seen = 0
        let tally = try TreeCopy.run(from: from, to: into) { seen = max(seen, $0.entries) }
        #expect(tally.entries == 7 + 200 * 12 && seen <= tally.entries)
        #expect(try TreeDifference.between(from, into).changes.isEmpty)
        #expect(try status("\(into)/0/0/1").st_nlink == 201)
        #expect(try status("\(into)/3/3/7").st_mtim.tv_nsec == status("\(from)/3/3/7").st_mtim.tv_nsec)
    }

    /// The group of a set-group-ID directory is not that of what is copied into it.
    @Test(.enabled(if: geteuid() == 0)) func keepsOwnersInADirectoryThatGivesItsGroup() throws {
        try systemCall("chown") { chown(target.path, 0, 34) }
        try systemCall("chmod") { chmod(target.path, 0o2755) }
        try SmallFile.replace(source.path + "/file", with: [1])
        _ = try TreeCopy.run(from: source.path, to: target.path)
        #expect(try status(target.path + "/file").st_gid == status(source.path + "/file").st_gid)
    }

    @Test func replacesWhatIsThereWhereItJoins() throws {
        for (path, text) in [("/a/file", "new"), ("/a/linked", "new too"), ("/b", "new")] {
            try SmallFile.makeDirectory(source.path + "/a")
            try SmallFile.replace(source.path + path, with: Array(text.utf8))
        }
        try systemCall("link") { link(source.path + "/a/linked", source.path + "/a/again") }
        try systemCall("symlink") { symlink("b", source.path + "/link") }
        try SmallFile.makeDirectory(target.path + "/a/own")
        for path in ["/a/file", "/a/linked", "/a/again", "/link"] {
            try SmallFile.replace(target.path + path, with: Array("old".utf8))
        }
        _ = try TreeCopy.run(from: source.path, to: target.path, joining: true)
        #expect(try SmallFile.read(target.path + "/a/file") == Array("new".utf8))
        #expect(try SmallFile.read(target.path + "/a/again") == Array("new too".utf8))
        #expect(SmallFile.exists(target.path + "/a/own"))
        #expect(try TreeDifference.between(source.path, target.path).changes.map(\.path) == ["/a/own"])
    }

    @Test func isBoundedAndNamesThePath() throws {
        for name in ["a", "b", "c"] { try SmallFile.replace(source.path + "/" + name, with: []) }
        let tooMany = #expect(throws: SystemError.self) {
            try TreeCopy.run(from: source.path, to: target.path, limit: 2)
        }
        #expect(tooMany?.code == E2BIG)
        let taken = try ScratchDirectory()
        try SmallFile.replace(taken.path + "/b", with: [9])
        let exists = #expect(throws: SystemError.self) { try TreeCopy.run(from: source.path, to: taken.path) }
        #expect(exists?.code == EEXIST && exists?.context == taken.path + "/b")
        #expect(try SmallFile.read(taken.path + "/b") == [9])
    }

    /// What is kept over an install may be of another kind than what comes.
    @Test func replacesWhatIsOfAnotherKind() throws {
        let (source, target) = (try ScratchDirectory(), try ScratchDirectory())
        for (root, kinds) in [
            (source.path, ["file", "link", "directory"]), (target.path, ["directory", "directory", "link"]),
        ] {
            for (name, kind) in zip(["a", "b", "c"], kinds) {
                let path = "\(root)/\(name)"
                switch kind {
                case "file": try SmallFile.replace(path, with: [1])
                case "link": try systemCall("symlink") { symlink("/elsewhere", path) }
                default:
                    try SmallFile.makeDirectory(path + "/deep")
                    try SmallFile.replace(path + "/deep/file", with: [2])
                }
            }
        }
        _ = try TreeCopy.run(from: source.path, to: target.path, joining: true)
        #expect(try TreeDifference.between(target.path, source.path).changes.isEmpty)
    }
}
