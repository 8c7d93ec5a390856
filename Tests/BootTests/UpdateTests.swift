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
            let state = try await BootState.copy("update")
            try await makeGenerations(state)
            try write(
                [
                    "updates/exclude/all": "# of everybody\n/etc/kept\n",
                    "nodefiles/all/etc/own": "own", "nodescripts/pre-update/all/10-before": "#!/bin/sh\necho begins",
                    "nodescripts/post-update/all/10-show": "#!/bin/sh\n/etc/init.d/show",
                    // Out of its own process group, and so not ended with the script, once it has left that.
                    "nodescripts/post-update/all/20-reboot": """
                    #!/bin/sh
                    [ -e /etc/reboot ] || exit 0
                    setsid sh -c 'touch /run/leaving; sleep 20; reboot -f' &
                    until [ -e /run/leaving ]; do sleep 0.1; done
                    """,
                ], below: state)
            let result = try await Subprocess.run(
                .name("env"),
                arguments: Perseid.arguments([
                    "lab", "boot", "--state", state, "--capsule", "small@2", "--provider", "disk", "--linger", "3600",
                ]),
                input: .none, output: .discarded, error: .discarded
            ) { execution in
                try await follow(state)
                try execution.send(signal: .terminate)
            }
            _ = result
        }

        private func follow(_ state: String) async throws {
            try await ready(state, "small@2", after: 0)
            let installed = try await Perseid.run("drift", "n001", "--state", state)
            #expect(installed.succeeded, Comment(rawValue: installed.output))
            _ = try await Perseid.run("node", "set", "n001", "--capsule", "small@3", "--state", state)
            try write(["nodefiles/all/etc/own": "own again"], below: state)

            let release = try #require(
                try FileManager.default.contentsOfDirectory(atPath: state + "/kernel/lib/modules").first)
            let list = try await Perseid.run("update", "n001", "--dry-run", "--state", state)
            #expect(list.succeeded, Comment(rawValue: list.output + list.errors))
            for line in [
                "~ /etc/changed", "+ /etc/added", "- /etc/removed", "o /etc/own", "x /etc/kept", "~ /etc/place",
                "+ /etc/place/file", "k /boot/vmlinuz-\(release)", "k /boot/initrd.img-\(release)",
                "k /boot/grub/grub.cfg", "reboot: kernel \(release)",
            ] {
                #expect(list.output.contains("\n  \(line)\n"), "\(line) of:\n\(list.output)")
            }
            #expect(!list.output.contains("/var/lib/app") && !list.output.contains("/etc/hostname"))
            let still = try await Perseid.run("install", "status", "n001", "--state", state)
            #expect(still.output.contains("small@2"))

            let update = try await Perseid.run("update", "n001", "--state", state)
            #expect(update.succeeded, Comment(rawValue: update.output + update.errors))
            #expect(update.output.contains("a reboot is due for kernel \(release)"))
            let timeline = try await Perseid.run("timeline", "n001", "--state", state)
            #expect(timeline.output.contains("script pre-update/10-before ended with status 0; its last lines: begins"))
            let files = "/etc/changed=new /etc/added=added /etc/kept=old /etc/own=own again /etc/place/file=inside"
            #expect(timeline.output.contains("its last lines: \(files)"), Comment(rawValue: timeline.output))
            try await isAt("small@3", state)

            // The same again finds nothing to do; then the machine starts anew, from its disk.
            let nothing = try await Perseid.run("update", "n001", "--state", state)
            #expect(nothing.output.contains("no file of the image differs"), Comment(rawValue: nothing.output))
            #expect(nothing.output.contains("; 0.0 MB fetched"))
            #expect(nothing.output.contains("a reboot is due for kernel \(release)"), "still")
            try write(["nodefiles/all/etc/reboot": "now"], below: state)
            #expect(try await Perseid.run("update", "n001", "--state", state).succeeded)
            try await ready(state, "small@3", after: 1)
            let console = try String(contentsOfFile: state + "/lab/n001.console", encoding: .utf8)
            let last = try #require(console.split(whereSeparator: \.isNewline).last { $0.contains("/etc/changed=") })
            #expect(last.contains(files) && !last.contains("/etc/removed"))
            #expect(last.contains("perseid.test=3"), "the kernel was started by the new entry")
            try await isAt("small@3", state)
            try await installAgain(state)
        }

        /// With a layout that keeps the root's file system an install fetches the difference alone.
        private func installAgain(_ state: String) async throws {
            try write(
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
                ], below: state)
            // Its last script has the machine start anew in a while.
            #expect(try await Perseid.run("update", "n001", "--state", state).succeeded)
            for words in [["node", "set", "n001", "--capsule", "small@2"], ["node", "install", "n001", "--yes"]] {
                let outcome = try await Perseid.run(words + ["--state", state])
                #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            }
            let refused = try await Perseid.run("update", "n001", "--state", state)
            #expect(!refused.succeeded && refused.output.contains("an install is asked for"))
            try await ready(state, "small@2", after: 2)
            let log = try String(contentsOfFile: state + "/lab/serve.log", encoding: .utf8)
            let lines = log.split(separator: "\n").filter { $0.contains("imaging: transferred ") }
            let last = try #require(
                lines.last?.firstMatch(of: #/transferred ([0-9.]+) MB .*, ([0-9.]+) MB of it over/#))
            #expect(lines.count == 2 && lines.first?.contains("over the network") == false)
            let (all, fetched) = (try #require(Double(last.1)), try #require(Double(last.2)))
            #expect(all > 20 && fetched < 1.1, "\(lines)")
            try await isAt("small@2", state)
        }

        private func isAt(_ generation: String, _ state: String) async throws {
            let drift = try await Perseid.run("drift", "n001", "--state", state)
            #expect(drift.succeeded && drift.output.contains("same"), Comment(rawValue: drift.output))
            let status = try await Perseid.run("install", "status", "n001", "--state", state)
            #expect(status.output.contains(generation), Comment(rawValue: status.output))
        }

        /// Waits until the machine is up, for the `count`th time more than once.
        private func ready(_ state: String, _ generation: String, after count: Int) async throws {
            for _ in 0..<1200 {
                let console = (try? String(contentsOfFile: state + "/lab/n001.console", encoding: .utf8)) ?? ""
                let starts = console.split(whereSeparator: \.isNewline).count { $0.contains("n001 runs small@") }
                let status = try await Perseid.run("install", "status", "n001", "--state", state)
                if starts > count, status.output.contains(generation), status.output.contains(" ready ") { return }
                try await Task.sleep(for: .seconds(1))
            }
            Issue.record("the machine did not get to ready with \(generation)")
            throw CancellationError()
        }

        /// small@2 and small@3, with all that an update may meet.
        private func makeGenerations(_ state: String) async throws {
            let root = state + "/root"
            let mounted = state + "/mounted"
            try FileManager.default.createDirectory(atPath: mounted, withIntermediateDirectories: true)
            #expect(try await Perseid.run("capsule", "mount", "small@1", mounted, "--state", state).succeeded)
            _ = try await Subprocess.run(
                .name("cp"), arguments: ["--archive", mounted, root], output: .discarded, error: .discarded)
            #expect(try await Perseid.run("capsule", "unmount", mounted, "--state", state).succeeded)
            let table = try String(contentsOfFile: root + "/etc/inittab", encoding: .utf8)
            try write(
                [
                    "etc/inittab": "::sysinit:/etc/init.d/rcS\n::wait:/etc/init.d/show\n" + table,
                    "etc/init.d/show": Self.show, "etc/changed": "old", "etc/removed": "removed", "etc/kept": "old",
                    "var/lib/app/data": "data", "elsewhere/file": "outside",
                ], below: root)
            for (path, mode) in [("etc/init.d/show", 0o755), ("etc/inittab", 0o644)] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(root)/\(path)")
            }
            try FileManager.default.createSymbolicLink(
                atPath: root + "/etc/place", withDestinationPath: "/elsewhere")
            try await build(root, state, "linux-image-cloud-amd64", "perseid.test=2")
            try write(
                ["etc/changed": "new", "etc/added": "added", "etc/kept": "new", "var/lib/app/data": "other"],
                below: root)
            for path in ["etc/removed", "etc/place"] { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }
            try write(["etc/place/file": "inside"], below: root)
            try await build(root, state, try await otherKernel(state), "perseid.test=3")
        }

        /// A kernel of the same release, with other bytes: what loads it passes over those at its end.
        private func otherKernel(_ state: String) async throws -> String {
            let cache = state + "/cache/kernels"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: cache).first { $0.hasSuffix("_amd64") })
            let kernel = state + "/kernel"
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

        private func build(_ root: String, _ state: String, _ kernel: String, _ arguments: String) async throws {
            let outcome = try await Perseid.run(
                "capsule", "build", "small", "--source", root, "--kernel", kernel,
                "--kernel-arguments", "console=ttyS0 \(arguments)", "--state", state)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
        }

        private func write(_ files: [String: String], below directory: String) throws {
            for (name, text) in files {
                let url = URL(fileURLWithPath: "\(directory)/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data((text + "\n").utf8).write(to: url)
            }
        }
    }
}
