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

    @Test func packagesOfRPM() throws {
        let list = try PackageList(
            """
            # release: 9.4
            # repository: rocky.repo
            # repository: /etc/site.d
            # kernel: kernel-core
            @core
            NetworkManager
            slurm-1:22.05.8~rc1-1.el9
            """, file: "lists/x.pkglist")
        #expect(list.release == "9.4" && list.suite == nil && list.kernel == nil)
        #expect(list.repositories == ["lists/rocky.repo", "/etc/site.d"])
        #expect(list.packages == ["@core", "NetworkManager", "slurm-1:22.05.8~rc1-1.el9", "kernel-core"])
    }

    @Test(arguments: [
        ("# release: 9\n--option", 2), ("# release: 9\n./x.rpm", 2), ("# release: 9\nker*", 2),
        ("# release: ../x\na", 1),
        ("# release: 9\n# suite: bookworm\nbase", 1), ("# repository: x.repo\nbase", 1), ("# repository:\nbase", 1),
        ("# release: 9\n@", 2), ("# release: 9\na\u{11}", 2),
    ])
    func badLinesOfRPMAreNamed(text: String, line: Int) {
        let error = #expect(throws: CapsuleBuildError.self) { try PackageList(text, file: "x.pkglist") }
        #expect(error?.description.hasPrefix("x.pkglist:\(line): ") == true)
    }

    /// What is made of a list by a `capsule.yaml` beside it that has it as its source.
    private func packages(
        _ list: String, in directory: TemporaryDirectory, _ change: (inout CapsuleDescription) -> Void
    ) throws -> PackageList {
        try directory.write("x.pkglist", list)
        var description = CapsuleDescription(directory: directory.path)
        description.source = "x.pkglist"
        change(&description)
        guard case .packages(let packages) = try CapsuleSource(description) else { throw CancellationError() }
        return packages
    }

    @Test func descriptionAddsToAList() throws {
        let directory = try TemporaryDirectory()
        let debian = try packages("# suite: bookworm\n# kernel: linux-image-amd64\nvim\n", in: directory) {
            $0.suite = "trixie"
            $0.packages = ["vim", "nano"]
        }
        #expect(debian.suite == "trixie" && debian.kernel == "linux-image-amd64")
        #expect(debian.packages == ["vim", "nano"])
        let rpm = try packages("# kernel: kernel-core\nvim\n", in: directory) {
            $0.release = "9"
            $0.repositories = ["site.repo"]
        }
        #expect(rpm.release == "9" && rpm.repositories == ["\(directory.path)/site.repo"])
        #expect(rpm.kernel == nil && rpm.packages == ["vim", "kernel-core"])
    }

    @Test func listAndDescriptionAreOfOneKind() throws {
        let directory = try TemporaryDirectory()
        let changes: [(list: String, change: (inout CapsuleDescription) -> Void, says: String)] = [
            ("vim", { $0.repositories = ["site.repo"] }, "repositories are dnf's, which needs a release: "),
            ("# suite: bookworm\nvim", { $0.repositories = ["site.repo"] }, "repositories are dnf's, "),
            ("# suite: bookworm\nvim", { $0.release = "9" }, "a suite is apt's, a release dnf's: "),
            ("# release: 9\nvim", { $0.suite = "bookworm" }, "a suite is apt's, a release dnf's: "),
        ]
        for (list, change, says) in changes {
            let error = #expect(throws: CapsuleBuildError.self) { try packages(list, in: directory, change) }
            #expect(error?.description.hasPrefix("\(directory.path)/x.pkglist: \(says)") == true, "\(list)")
        }
        #expect(throws: CapsuleBuildError.self) { try PackageList(contentsOf: "\(directory.path)/none.pkglist") }
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
