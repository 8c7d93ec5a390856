import Foundation
import Testing

@testable import CapsuleStore

@Suite struct PackageListTests {
    @Test func packagesAndDirectives() throws {
        let list = try PackageList(
            """
            # A capsule.
            # suite: bookworm
            #kernel: linux-image-amd64
            # note: anything

            systemd-sysv   # init
              libstdc++6
            slurmd=22.05.8-4+deb12u3
            """, file: "x.pkglist")
        #expect(list.suite == "bookworm")
        #expect(list.kernel == "linux-image-amd64")
        #expect(list.packages == ["systemd-sysv", "libstdc++6", "slurmd=22.05.8-4+deb12u3"])
    }

    @Test(arguments: [
        ("a1 b2", 1), ("ok1\n--option", 2), ("ok1\n\n../x", 3), ("Upper", 1), ("a1=", 1), ("a1=1;x", 1),
        ("# suite:\nab", 1), ("# suite: a b\nab", 1), ("# kernel: /x\nab", 1), ("", 1), ("# only a comment", 1),
        ("x", 1), ("a,b", 1),
    ])
    func badLinesAreNamed(text: String, line: Int) {
        let error = #expect(throws: CapsuleBuildError.self) { try PackageList(text, file: "x.pkglist") }
        #expect(error?.description.hasPrefix("x.pkglist:\(line): ") == true)
    }

    /// The list that Perseid ships.
    @Test func defaultListIsGood() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/debian.pkglist")
        let list = try PackageList(String(decoding: Data(contentsOf: file), as: UTF8.self), file: "debian.pkglist")
        #expect(list.packages.contains("systemd-sysv"))
        #expect(list.kernel.map { .package($0) } == KernelSource.cloud)
    }
}
