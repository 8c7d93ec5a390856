import Foundation
import Testing

extension BootTests {
    /// What an admin adds to an install: scripts around it, files over it, what comes after it, and stops on the way.
    @Suite struct InstallWishes {
        /// One install with all of it; the kernel is started without the firmware, and the second power-on goes to the
        /// disk as always.
        @Test(.enabled(if: BootTests.isLong)) func scriptsAndOverridesGoAlongAndKexecStartsIt() async throws {
            let state = try await BootState.copy("install-scripts")
            try write(
                [
                    "nodescripts/pre-install/all/10-look":
                        "#!/bin/sh\necho \"look at $PERSEID_DISKS\"; lsblk -n -o NAME $PERSEID_DISKS",
                    "nodescripts/pre-install/base/n/20-base":
                        "#!/bin/sh\necho everybody of n, install $PERSEID_INSTALL",
                    "nodescripts/pre-install/node/n002/30-other": "#!/bin/sh\necho not mine",
                    "nodescripts/post-install/all/10-read":
                        "#!/bin/busybox sh\nbusybox cat /etc/motd; busybox ls /boot",
                    "nodefiles/all/etc/motd": "of everybody", "nodefiles/base/n/etc/motd": "over it for n",
                ], below: state)
            let outcome = try await install(state, "--then", "kexec")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("ready n001") }
            #expect(lines.count == 2, "ready by kexec, and after the second power-on")
            #expect(outcome.errors.contains("its last lines: look at /dev/vda | vda"))
            #expect(outcome.errors.contains("its last lines: everybody of n, install 1"))
            #expect(outcome.errors.contains("its last lines: over it for n | grub"))
            #expect(outcome.errors.contains("kexec: starting the installed kernel"))
            #expect(!outcome.errors.contains("not mine"))
            let second = outcome.errors.split(separator: "\n").firstIndex { $0.hasPrefix("boot 2") }
            let first = outcome.errors.split(separator: "\n").prefix(upTo: try #require(second))
            #expect(first.filter { $0.contains("discovered") }.count == 1, "the firmware ran once")
        }

        /// Nothing is written when a script before the install says no; its output is the reason.
        @Test(.enabled(if: BootTests.isLong)) func aScriptStopsAnInstall() async throws {
            let state = try await BootState.copy("install-refused")
            try write(
                [
                    "nodescripts/pre-install/all/10-no": "#!/bin/sh\necho the battery is flat; exit 3"
                ], below: state)
            let outcome = try await install(state, "--until-line", "FAILED script: script pre-install/10-no")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let disk = try FileHandle(forReadingFrom: URL(fileURLWithPath: state + "/lab/disk0.img"))
            #expect(try #require(try disk.read(upToCount: 1 << 20)).allSatisfy { $0 == 0 })
            let status = try await Perseid.run("install", "status", "n001", "--state", state).output
            #expect(status.contains("failed"), Comment(rawValue: status))
            #expect(status.contains("pre-install/10-no ended with status 3; its last lines: the battery is flat"))
        }

        /// A disk with data stays as it is where the layout says so. What makes the data is a script before the install:
        /// the disks are looked at once more after it.
        @Test(.enabled(if: BootTests.isLong)) func dataIsRefused() async throws {
            let state = try await BootState.copy("install-data")
            try write(
                [
                    "nodescripts/pre-install/all/10-data": "#!/bin/sh\nmke2fs -q -F -t ext4 -L precious /dev/vda",
                    "layout.yaml": """
                    disks:
                      - name: system
                        select: {choose: first}
                        data: refuse
                        partitions:
                          - {size: 1 MiB, flags: bios_grub}
                          - {size: "*", fs: ext4, mount: /}
                    """,
                ], below: state)
            let outcome = try await install(
                state, "--layout", state + "/layout.yaml", "--until-line", "FAILED install: nothing was written")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let status = try await Perseid.run("install", "status", "n001", "--state", state).output
            #expect(status.contains("/dev/vda has data"), Comment(rawValue: status))
            let disk = try FileHandle(forReadingFrom: URL(fileURLWithPath: state + "/lab/disk0.img"))
            #expect(try #require(try disk.read(upToCount: 1 << 16)).firstRange(of: Data("precious".utf8)) != nil)
        }

        /// It stops before a step, says so, and goes on when the shell on the console is left.
        @Test func aBreakpointGivesAShell() async throws {
            let state = try await BootState.copy("install-break")
            let outcome = try await install(
                state, "--break", "partition", "--until-line", "going on with partition", "--answer",
                "breakpoint before partition=>lsblk -n -o NAME /dev/vda; echo typed: $((40 + 2)); exit")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("stopped: breakpoint before partition"))
            let log = try Data(contentsOf: URL(fileURLWithPath: state + "/lab/n001.console"))
            #expect(String(decoding: log, as: UTF8.self).contains("typed: 42"))
        }

        @Test(.enabled(if: BootTests.isLong)) func aCommandRunsInTheNewRoot() async throws {
            let state = try await BootState.copy("install-command")
            let outcome = try await install(
                state, "--then", "/bin/busybox sh -c 'echo $PERSEID_NODE is done; cat /etc/hostname'")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("command: it ended with status 0; its last lines: n001 is done | n001"))
            #expect(outcome.errors.contains("rebooting: restarting, from its disk"))
        }

        /// The next power-on goes to the disk.
        @Test(.enabled(if: BootTests.isLong)) func aMachineIsSwitchedOffAfterwards() async throws {
            let state = try await BootState.copy("install-shutdown")
            let outcome = try await install(state, "--then", "shutdown")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("shutting-down: switching off, as the order says"))
            #expect(outcome.errors.contains("the machine switched itself off"))
            #expect(outcome.output.split(separator: "\n").filter { $0.hasPrefix("ready n001") }.count == 1)
        }

        /// The shell sees the machine that was installed; the machine restarts when it is left.
        @Test(.enabled(if: BootTests.isLong)) func aShellIsGivenAfterwards() async throws {
            let state = try await BootState.copy("install-shell")
            let outcome = try await install(
                state, "--then", "shell", "--answer",
                "the machine restarts when it is left=>echo typed: $((40 + 2)); exit")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("rebooting: restarting, from its disk"))
            #expect(outcome.output.split(separator: "\n").filter { $0.hasPrefix("ready n001") }.count == 2)
        }

        private func install(_ state: String, _ words: String...) async throws -> Perseid.Outcome {
            try await Perseid.run(
                ["lab", "boot", "--state", state, "--capsule", "small", "--provider", "disk"] + words)
        }

        private func write(_ files: [String: String], below state: String) throws {
            for (name, text) in files {
                let url = URL(fileURLWithPath: "\(state)/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data((text + "\n").utf8).write(to: url)
            }
        }
    }
}
