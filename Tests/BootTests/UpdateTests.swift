import Foundation
import Subprocess
import Testing

extension BootTests {
    /// An installed machine that is brought to another generation while it runs.
    @Suite struct Updates {
        /// What the console shows at each start, and a script in the running system.
        private static let show = """
            #!/bin/sh
            for file in /etc/changed /etc/added /etc/removed /etc/kept /etc/own /etc/place/file /var/lib/app/data; do
                [ -e $file ] && printf '%s=%s ' $file "$(cat $file)"
            done
            echo "; $(cat /proc/cmdline)"
            """

        @Test(.enabled(if: BootTests.isLong)) func changesTheDiskOfAMachineThatRuns() async throws {
            let lab = try await UpdateLab("update")
            try await makeGenerations(lab)
            try lab.write(
                [
                    "updates/exclude/all": "# of everybody\n/etc/kept\n",
                    "nodefiles/all/etc/own": "own", "nodescripts/pre-update/all/10-before": "#!/bin/sh\necho begins",
                    "nodescripts/post-update/all/10-show": "#!/bin/sh\n/etc/init.d/show",
                    "nodescripts/post-update/all/20-reboot":
                        "#!/bin/sh\n[ -e /etc/reboot ] || exit 0\n\(UpdateLab.restart)",
                ], below: lab.state)
            try await lab.whileInstalled("small@2", firmware: "bios") { try await follow(lab) }
        }

        private func follow(_ lab: UpdateLab) async throws {
            try await lab.ready("small@2", after: 0)
            let installed = try await lab.perseid("drift", "n001")
            #expect(installed.succeeded, Comment(rawValue: installed.output))
            _ = try await lab.perseid("node", "set", "n001", "--capsule", "small@3")
            try lab.write(["nodefiles/all/etc/own": "own again"], below: lab.state)

            let release = try #require(
                try FileManager.default.contentsOfDirectory(atPath: lab.state + "/kernel/lib/modules").first)
            let list = try await lab.perseid("update", "n001", "--dry-run")
            #expect(list.succeeded, Comment(rawValue: list.output + list.errors))
            for line in [
                "~ /etc/changed", "+ /etc/added", "- /etc/removed", "o /etc/own", "x /etc/kept", "~ /etc/place",
                "+ /etc/place/file", "k /boot/vmlinuz-\(release)", "k /boot/initrd.img-\(release)",
                "k /boot/grub/grub.cfg", "reboot: kernel \(release)",
            ] {
                #expect(list.output.contains("\n  \(line)\n"), "\(line) of:\n\(list.output)")
            }
            #expect(!list.output.contains("/var/lib/app") && !list.output.contains("/etc/hostname"))
            let still = try await lab.perseid("install", "status", "n001")
            #expect(still.output.contains("small@2"))

            let update = try await lab.perseid("update", "n001")
            #expect(update.succeeded, Comment(rawValue: update.output + update.errors))
            #expect(update.output.contains("a reboot is due for kernel \(release)"))
            let timeline = try await lab.perseid("timeline", "n001")
            #expect(timeline.output.contains("script pre-update/10-before ended with status 0; its last lines: begins"))
            let files = "/etc/changed=new /etc/added=added /etc/kept=old /etc/own=own again /etc/place/file=inside"
            #expect(timeline.output.contains("its last lines: \(files)"), Comment(rawValue: timeline.output))
            try await lab.isAt("small@3")

            // The same again finds nothing to do; then the machine starts anew, from its disk.
            let nothing = try await lab.perseid("update", "n001")
            #expect(nothing.output.contains("no file of the image differs"), Comment(rawValue: nothing.output))
            #expect(nothing.output.contains("; 0.0 MB fetched"))
            #expect(nothing.output.contains("a reboot is due for kernel \(release)"), "still")
            try lab.write(["nodefiles/all/etc/reboot": "now"], below: lab.state)
            #expect(try await lab.perseid("update", "n001").succeeded)
            try await lab.ready("small@3", after: 1)
            let last = try #require(lab.console().last { $0.contains("/etc/changed=") })
            #expect(last.contains(files) && !last.contains("/etc/removed"))
            #expect(last.contains("perseid.test=3"), "the kernel was started by the new entry")
            try await lab.isAt("small@3")
            try await installAgain(lab)
        }

        /// With a layout that keeps the root's file system an install fetches the difference alone.
        private func installAgain(_ lab: UpdateLab) async throws {
            try lab.write(
                [
                    "layouts/node/n001.yaml": """
                    disks:
                      - name: system
                        select: {choose: first}
                        table: gpt
                        partitions:
                          - {size: 1 MiB, flags: bios_grub, keep: true}
                          - {size: 256 MiB, fs: swap, keep: true}
                          - {size: 1 GiB, fs: ext4, mount: /, keep: true}
                    loader: {timeout: 0}
                    """
                ], below: lab.state)
            // Its last script has the machine start anew in a while.
            #expect(try await lab.perseid("update", "n001").succeeded)
            #expect(try await lab.perseid("node", "set", "n001", "--capsule", "small@2").succeeded)
            #expect(try await lab.perseid("node", "install", "n001", "--yes").succeeded)
            let refused = try await lab.perseid("update", "n001")
            #expect(!refused.succeeded && refused.output.contains("an install is asked for"))
            try await lab.ready("small@2", after: 2)
            let log = try String(contentsOfFile: lab.state + "/lab/serve.log", encoding: .utf8)
            let lines = log.split(separator: "\n").filter { $0.contains("imaging: transferred ") }
            let last = try #require(
                lines.last?.firstMatch(of: #/transferred ([0-9.]+) MB .*, ([0-9.]+) MB of it over/#))
            #expect(lines.count == 2 && lines.first?.contains("over the network") == false)
            let (all, fetched) = (try #require(Double(last.1)), try #require(Double(last.2)))
            #expect(all > 20 && fetched < 1.1, "\(lines)")
            try await lab.isAt("small@2")
        }

        /// small@2 and small@3, with all that an update may meet.
        private func makeGenerations(_ lab: UpdateLab) async throws {
            let root = lab.root
            try lab.runAtStart("/etc/init.d/show")
            try lab.writeProgram("etc/init.d/show", Self.show)
            try lab.write(
                [
                    "etc/changed": "old", "etc/removed": "removed", "etc/kept": "old", "var/lib/app/data": "data",
                    "elsewhere/file": "outside",
                ], below: root)
            try FileManager.default.createSymbolicLink(
                atPath: root + "/etc/place", withDestinationPath: "/elsewhere")
            try await lab.build("linux-image-cloud-amd64", "perseid.test=2")
            try lab.write(
                ["etc/changed": "new", "etc/added": "added", "etc/kept": "new", "var/lib/app/data": "other"],
                below: root)
            for path in ["etc/removed", "etc/place"] { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }
            try lab.write(["etc/place/file": "inside"], below: root)
            try await lab.build(try await otherKernel(lab), "perseid.test=3")
        }

        /// A kernel of the same release, with other bytes: what loads it passes over those at its end.
        private func otherKernel(_ lab: UpdateLab) async throws -> String {
            let cache = lab.state + "/cache/kernels"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: cache).first { $0.hasSuffix("_amd64") })
            let kernel = lab.state + "/kernel"
            _ = try await Subprocess.run(
                .name("cp"), arguments: ["--archive", "\(cache)/\(name)", kernel], output: .discarded,
                error: .discarded)
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: kernel + "/boot").first { $0.hasPrefix("vmlinuz-") }
            )
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(kernel)/boot/\(file)"))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(repeating: 7, count: 4096))
            try handle.close()
            return kernel
        }
    }
}
