import Testing

@testable import CapsuleStore

@Suite struct AptSourcesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func stanzasOfTheSuiteAreTaken() throws {
        try directory.write(
            "apt/sources.list.d/debian.sources",
            """
            Types: deb deb-src
            # where it comes from
            URIs: mirror.example/debian
            Suites: bookworm bookworm-updates trixie
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb
            URIs: mirror.example/vendor
            Suites: bookworm
            Signed-By: /usr/share/keyrings/vendor.gpg

            Types: deb
            URIs: mirror.example/off
            Suites: bookworm
            Enabled: no
            """)
        let sources = try AptSources.read(directory.path + "/apt", suite: "bookworm")
        #expect(sources.stanzas.count == 1)
        #expect(sources.stanzas[0].contains("Suites: bookworm bookworm-updates\n"))
        #expect(!sources.stanzas[0].contains("#"))
        #expect(sources.lines.isEmpty)
        #expect(try AptSources.read(directory.path + "/apt", suite: "trixie").stanzas.count == 1)
    }

    @Test func linesOfTheSuiteAreTaken() throws {
        try directory.write(
            "apt/sources.list",
            """
            # deb mirror.example/debian bookworm main
            deb mirror.example/debian bookworm main contrib
            deb-src mirror.example/debian bookworm main
            deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] mirror.example/s bookworm-security main
            deb [signed-by=/usr/share/keyrings/vendor.gpg] mirror.example/vendor bookworm main
            deb mirror.example/debian bookworm-sloppy/x
            deb mirror.example/debian sid main
            """)
        let sources = try AptSources.read(directory.path + "/apt", suite: "bookworm")
        #expect(sources.lines.count == 3)
        #expect(sources.lines[1].contains("bookworm-security"))
    }

    @Test func suiteThatTheHostLacksIsAnError() throws {
        try directory.write("apt/sources.list", "deb mirror.example/debian bookworm main\n")
        let base = directory.path + "/apt"
        #expect(
            throws: CapsuleBuildError.noAptSource(
                suite: "trixie", looked: ["\(base)/sources.list", "\(base)/sources.list.d"])
        ) { try AptSources.read(base, suite: "trixie") }
    }

    @Test func hostSuite() throws {
        let file = try directory.write("os-release", "NAME=\"x\"\nVERSION_CODENAME=bookworm\n")
        #expect(AptSources.hostSuite(osRelease: file) == "bookworm")
        #expect(AptSources.hostSuite() != nil, "this host is a Debian")
        let none = try directory.write("none", "NAME=x\nVERSION_CODENAME=../x\n")
        #expect(AptSources.hostSuite(osRelease: none) == nil)
        #expect(AptSources.hostSuite(osRelease: "/nowhere") == nil)
    }
}
