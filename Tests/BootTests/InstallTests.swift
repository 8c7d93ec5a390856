import Foundation
import Subprocess
import Testing

extension BootTests {
    /// From an empty disk to a machine that boots from it, and boots from it again.
    @Suite struct Installs {
        /// One disk as the firmware wants it: gpt with a BIOS boot partition, gpt with an ESP.
        @Test(arguments: ["bios", "uefi"])
        func installsAndBootsFromTheDisk(firmware: String) async throws {
            try await install("--firmware", firmware)
        }

        @Test(.enabled(if: BootTests.isLong)) func installsWithATableOfTheBIOS() async throws {
            try await install(
                layout: """
                    # units=MiB label_type=msdos
                    /dev/vda1 200 ext4 /boot defaults bootable
                    /dev/vda5 128 swap
                    /dev/vda6 *   ext4 / defaults
                    """, ending: "disk", "--firmware", "bios")
        }

        @Test(.enabled(if: BootTests.isLong)) func installsOnNVMe() async throws {
            try await install("--firmware", "uefi", "--disk-kind", "nvme")
        }

        /// systemd-boot in GRUB's place.
        @Test(.enabled(if: BootTests.isLong)) func startsBySystemdBoot() async throws {
            try await install(
                layout: """
                    disks:
                      - name: system
                        select: {choose: first}
                        table: gpt
                        partitions:
                          - {size: 256 MiB, flags: esp, fs: vfat, mount: /boot/efi}
                          - {size: "*", fs: ext4, mount: /}
                    loader: {flavor: systemd, timeout: 0}
                    """, ending: "yaml", "--firmware", "uefi")
            let console = try Data(contentsOf: URL(fileURLWithPath: BootState.shared + "/lab/n001.console"))
            #expect(String(decoding: console, as: UTF8.self).contains("systemd-bootx64.efi"))
        }

        /// What all the others do with a capsule of 40 MB.
        @Test(.enabled(if: BootTests.isLong), arguments: ["bios", "uefi"])
        func installsDebian(firmware: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "debian", "--provider", "disk", "--firmware",
                firmware)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.output.split(separator: "\n").filter { $0.hasPrefix("ready n001") }.count == 2)
            let peak = outcome.errors.firstMatch(of: /memory peak (\d+) MiB/).flatMap { Int($0.output.1) }
            #expect(try #require(peak) <= 256)
        }

        /// A file that no 32-bit offset reaches the end of, whole on the disk.
        @Test(.enabled(if: BootTests.isLong)) func installsAFileOfMoreThanFourGigabytes() async throws {
            let state = try await BootState.copy("install-large")
            defer { try? FileManager.default.removeItem(atPath: state) }
            let tree = state + "/tree"
            try await BootState.copyRoot(of: "small", in: state, to: tree)
            let digest = try await Self.writeLargeFile(tree + "/srv/large")
            let built = try await Perseid.run(
                "capsule", "build", "large", "--source", tree, "--kernel", "linux-image-cloud-amd64", "--state", state)
            #expect(built.succeeded, Comment(rawValue: built.errors))
            try FileManager.default.removeItem(atPath: tree)
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", state, "--capsule", "large", "--provider", "disk", "--then",
                "/bin/busybox sha256sum /srv/large")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("its last lines: \(digest)"))
        }

        /// The disk that is pulled out afterwards is the one that the firmware tries first.
        @Test(.enabled(if: BootTests.isLong)) func installsAMirrorThatDoesWithoutADisk() async throws {
            let disk = { (name: String) in
                """
                  - name: \(name)
                    select: {choose: first}
                    partitions:
                      - {size: 1 MiB, flags: bios_grub}
                      - {size: "*", raid: /dev/md0}
                """
            }
            try await install(
                layout: """
                    disks:
                    \(disk("one"))
                    \(disk("two"))
                    raid:
                      - {name: /dev/md0, level: "1", fs: ext4, mount: /}
                    loader: {timeout: 0}
                    """, ending: "yaml", "--firmware", "bios", "--disks", "2", "--pull-disk", "1")
        }

        @Test(.enabled(if: BootTests.isLong)) func installsVolumes() async throws {
            try await install(
                layout: """
                    disks:
                      - name: system
                        select: {choose: first}
                        partitions:
                          - {size: 128 MiB, flags: esp, fs: vfat, mount: /boot/efi}
                          - {size: "*", lvm: vg}
                    lvm:
                      - name: vg
                        volumes:
                          - {name: swap, size: 128 MiB, fs: swap}
                          - {name: root, size: "*", fs: ext4, mount: /}
                    loader: {timeout: 0}
                    """, ending: "yaml", "--firmware", "uefi")
        }

        /// Killed at a step of the install, the machine begins anew at its next power-on, and gets there.
        @Test(
            .enabled(if: BootTests.isLong),
            arguments: [
                "partition: ", "format: ", "fetching small", "extracting ", "making it ", "boot loader", "unmounting",
            ])
        func startsAgainAfterAPowerCut(step: String) async throws {
            try await install("--firmware", "bios", "--cut-at", step)
        }

        /// What the first try fetched is on the cache disk, and the second one fetches nothing but kernel and early
        /// modules, which the first did not get to.
        @Test(.enabled(if: BootTests.isLong)) func fetchesNothingTwiceWithACacheDisk() async throws {
            let outcome = try await run(
                layout: nil, ending: "yaml",
                ["--firmware", "bios", "--cache-disk", "--cut-at", "extracting: extracting"])
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let lines = outcome.errors.split(separator: "\n").filter { $0.contains("imaging: transferred ") }
            #expect(lines.count == 2)
            #expect(lines.first?.contains("over the network") == false)
            #expect(lines.last?.contains(", 0.0 MB of it over the network") == true, "\(lines)")
            // The server counted the same: 18.2 of 39.4 MB. Two starts from the disk came after it.
            let newest = try await Perseid.run("timeline", "n001", "--state", BootState.shared).output
            let number = try #require(newest.firstMatch(of: #/attempt (\d+)/#).flatMap { Int($0.1) })
            let install = try await Perseid.run(
                "timeline", "n001", "--attempt", "\(number - 2)", "--state", BootState.shared
            ).output
            let sent = try #require(install.firstMatch(of: #/(\d+)  http  \S+ +file-sent: chunks of small@1/#))
            #expect((1_000_000...20_000_000).contains(try #require(Int(sent.1))), Comment(rawValue: install))
        }

        /// Nothing is written to a disk that is not the one that is meant.
        @Test(.enabled(if: BootTests.isLong)) func refusesAnotherDisk() async throws {
            let outcome = try await run(
                layout: "/dev/sdz1 * ext4 / defaults\n", ending: "disk",
                ["--firmware", "bios"])
            #expect(!outcome.succeeded)
            #expect(outcome.errors.contains("no disk of this machine is /dev/sdz"), Comment(rawValue: outcome.errors))
            let disk = try FileHandle(forReadingFrom: URL(fileURLWithPath: BootState.shared + "/lab/disk0.img"))
            let head = try #require(try disk.read(upToCount: 1 << 20))
            #expect(head.allSatisfy { $0 == 0 })
        }

        /// 4.5 GB without holes that are little to send: each MiB is one byte again and again, another than before.
        /// - Returns: its SHA-256 in hex.
        private static func writeLargeFile(_ path: String) async throws -> String {
            let directory = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try #require(FileManager.default.createFile(atPath: path, contents: nil))
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            for number in 0..<4300 {
                try file.write(contentsOf: [UInt8](repeating: UInt8(1 + number % 255), count: 1 << 20))
            }
            try file.close()
            let sum = try await Subprocess.run(
                .name("sha256sum"), arguments: [path], output: .string(limit: 4096), error: .discarded)
            return String(sum.standardOutput.prefix(64))
        }

        private func install(layout: String? = nil, ending: String = "yaml", _ words: String...) async throws {
            let outcome = try await run(layout: layout, ending: ending, words)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("ready n001") }
            #expect(lines.count == 2, "ready after the install, and after the second power-on")
            #expect(outcome.errors.contains("installed installed small@"), "the install is an event")
        }

        private func run(
            layout: String?, ending: String, _ words: [String]
        ) async throws -> Perseid.Outcome {
            var words =
                ["lab", "boot", "--state", BootState.shared, "--capsule", "small", "--provider", "disk"] + words
            if let layout {
                let path =
                    FileManager.default.temporaryDirectory.path + "/perseid-layout-\(UUID().uuidString).\(ending)"
                try Data(layout.utf8).write(to: URL(fileURLWithPath: path))
                words += ["--layout", path]
            }
            return try await Perseid.run(words)
        }
    }
}

extension BootTests {
    /// Whether tests that have a long form take it: `make test-all`.
    static var isLong: Bool { ProcessInfo.processInfo.environment["PERSEID_TEST_ALL"]?.isEmpty == false }
}
