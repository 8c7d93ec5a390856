import Glibc
import PacketIO
import Testing

@testable import AgentKit

/// What differs between two trees, what is done about it, and what is left for a reboot.
@Suite struct LiveSyncTests {
    private typealias Change = TreeDifference.Change

    /// Two trees that differ in every way that a generation may.
    private func trees() throws -> (old: ScratchDirectory, new: ScratchDirectory) {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        for root in [old.path, new.path] {
            for directory in ["etc", "usr/bin", "usr/share/gone/deep"]
            where root == old.path || directory != "usr/share/gone/deep" {
                try SmallFile.makeDirectory("\(root)/\(directory)")
            }
            try SmallFile.makeDirectory("\(root)/usr/share")
            try SmallFile.replace("\(root)/etc/same", with: [1, 2, 3])
            try SmallFile.replace("\(root)/usr/bin/tool", with: [root == old.path ? 1 : 2])
            try SmallFile.replace(
                "\(root)/etc/mode", with: [], permissions: root == old.path ? 0o644 : 0o600)
            try systemCall("symlink") { symlink(root == old.path ? "a" : "b", "\(root)/etc/link") }
        }
        try SmallFile.replace("\(old.path)/usr/share/gone/deep/file", with: [])
        try SmallFile.makeDirectory("\(new.path)/opt/fresh")
        try SmallFile.replace("\(new.path)/opt/fresh/file", with: [9])
        return (old, new)
    }

    @Test func findsEveryDifferenceAndNoMore() throws {
        let (old, new) = try trees()
        #expect(
            try TreeDifference.between(old.path, new.path).changes == [
                Change("/etc/link", .changed), Change("/etc/mode", .changed), Change("/opt", .added),
                Change("/opt/fresh", .added), Change("/opt/fresh/file", .added), Change("/usr/bin/tool", .changed),
                Change("/usr/share/gone/deep/file", .removed), Change("/usr/share/gone/deep", .removed),
                Change("/usr/share/gone", .removed),
            ])
        #expect(try TreeDifference.between(new.path, new.path).changes.isEmpty)
    }

    @Test func bringsOneTreeToTheOther() throws {
        let (old, new) = try trees()
        let changes = try TreeDifference.between(old.path, new.path).changes
        let outcome = TreeUpdate.run(changes, from: new.path, to: old.path)
        #expect(outcome.made.count == changes.count && outcome.failed.isEmpty && !outcome.isFull)
        #expect(try TreeDifference.between(old.path, new.path).changes.isEmpty)
    }

    @Test func leavesAloneWhatIsNotSafe() {
        let changes = [
            "/etc/motd", "/etc/hosts", "/usr/bin/tool", "/usr/bin/daemon", "/usr/lib/systemd/system/x.service",
            "/usr/lib/x86_64-linux-gnu/libc.so.6", "/etc/shadow", "/boot/vmlinuz",
        ].map { Change($0, .changed) }
        let plan = SyncPlan(changes, inUse: ["/usr/bin/daemon"]) { $0 == "/etc/hosts" }
        #expect(plan.safe.map(\.path) == ["/etc/motd", "/usr/bin/tool"])
        #expect(plan.local == ["/etc/hosts"])
        #expect(plan.afterReboot.map(\.reason) == ["in use", "init", "C library", "accounts", "kernel"])
        #expect(!plan.isWhole)
        #expect(plan.summary.contains("a reboot is needed for 5: C library, accounts, in use, init, kernel"))
        #expect(SyncPlan([Change("/etc/motd", .added)], inUse: []) { _ in false }.isWhole)
    }

    @Test func readsWhatIsMapped() {
        let maps = """
            55d0c0a00000-55d0c0a21000 r--p 00000000 fe:00 131 /usr/bin/with space
            7f0000000000-7f0000001000 rw-p 00000000 00:00 0
            7f1000000000-7f1000001000 r-xp 00000000 fe:00 132 /usr/lib/old.so (deleted)
            7ffd00000000-7ffd00001000 rw-p 00000000 00:00 0 [stack]
            """
        #expect(MappedFiles.paths(in: maps) == ["/usr/bin/with space", "/usr/lib/old.so"])
    }
}
