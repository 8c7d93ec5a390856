import Foundation
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
