import Testing

@testable import BootMachine

/// Exclude lists mean what rsync(1) says that they mean.
@Suite struct PathPatternTests {
    @Test(arguments: [
        ("/etc/motd", "/etc/motd", true), ("/etc/motd", "/srv/etc/motd", false), ("/etc/motd", "/etc/motd.d", false),
        ("motd", "/etc/motd", true), ("motd", "/motd", true), ("motd", "/etc/xmotd", false),
        ("etc/motd", "/srv/etc/motd", true), ("etc/motd", "/etc/motd", true), ("etc/motd", "/netc/motd", false),
        ("*.bak", "/etc/a.bak", true), ("*.bak", "/etc/.bak", true), ("*.bak", "/etc/a.bak.x", false),
        ("/etc/*", "/etc/a", true), ("/etc/*", "/etc/a/b", false), ("/etc/**", "/etc/a/b", true),
        ("/etc/**/b", "/etc/a/c/b", true), ("/etc/?", "/etc/a", true), ("/etc/?", "/etc/ab", false),
        ("/etc/[a-c]x", "/etc/bx", true), ("/etc/[!a-c]x", "/etc/bx", false), ("/etc/[!a-c]x", "/etc/dx", true),
        ("/etc/[]x]", "/etc/]", true), ("/etc/\\*", "/etc/*", true), ("/etc/\\*", "/etc/a", false),
        ("/a*b*c", "/axbxc", true), ("/a*b*c", "/axbxcx", false), ("/é", "/é", true), ("/etc?motd", "/etc/motd", false),
        ("**/cache", "/var/cache", true), ("a/**", "/x/a/b/c", true),
    ])
    func matches(pattern: String, path: String, isSo: Bool) throws {
        #expect(try PathPattern(pattern).matches(path, isDirectory: false) == isSo, "\(pattern) on \(path)")
    }

    @Test func aSlashAtTheEndMeansDirectories() throws {
        let pattern = try PathPattern("/srv/")
        #expect(pattern.matches("/srv", isDirectory: true))
        #expect(!pattern.matches("/srv", isDirectory: false))
        #expect(!pattern.matches("/", isDirectory: true))
    }

    @Test(arguments: [
        "", "/", "*", "**", "/**", "a//b", "../x", "/a/./b", "[abc", "[", "a\\", "a***", "[z-a]", "a\u{1}b",
        String(repeating: "a", count: 1025),
    ])
    func refuses(pattern: String) {
        #expect(throws: PathPatternError.self) { try PathPattern(pattern) }
    }

    @Test func theFirstRuleThatMatchesCounts() throws {
        let rules = try ["+ /etc/motd", "/etc/m*", "- *.bak"].map { try PathRule($0) }
        #expect(rules.leavesOut("/etc/motd", isDirectory: false) == false)
        #expect(rules.leavesOut("/etc/mtab", isDirectory: false) == true)
        #expect(rules.leavesOut("/x.bak", isDirectory: false) == true)
        #expect(rules.leavesOut("/x", isDirectory: false) == nil)
    }

    @Test func linesAreReadWithoutBlanksAndComments() {
        #expect(PathRule.text(of: "  /etc/a b \r") == "/etc/a b")
        for line in ["", "   ", "# x", "; x", "\t# y"] { #expect(PathRule.text(of: line) == nil) }
    }

    /// A pattern that makes backtracking matchers take for ever.
    @Test func takesNoTimeForHostilePatterns() throws {
        let pattern = try PathPattern("/" + String(repeating: "*a", count: 400) + "b")
        #expect(!pattern.matches("/" + String(repeating: "a", count: 3000), isDirectory: false))
    }
}
