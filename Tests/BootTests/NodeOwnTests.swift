import Foundation
import Testing

extension BootTests {
    /// What a node keeps, and what it has of its own.
    @Suite struct NodeOwn {
        @Test func fetchesNothingTwiceWithACacheDisk() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--cache-disk")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let bytes = outcome.output.matches(of: #/ready n001 .* (\d+) bytes of chunks fetched/#).map { Int($0.1) }
            #expect(bytes.count == 2)
            #expect(try #require(bytes.first ?? nil) > 10_000_000)
            #expect(try #require(bytes.last ?? nil) < 1_000_000)
        }

        @Test func writesTheNodesOwnFiles() async throws {
            let state = try await BootState.copy("own-files")
            let table = """
                ::sysinit:/etc/init.d/rcS
                ::wait:/bin/busybox stat -c "own file: %n %a %u:%g" /etc/munge/munge.key
                ::wait:/bin/busybox cat /etc/motd
                ::respawn:/run/perseid/perseid-agent stage2

                """
            let files = [
                "all/etc/inittab": table, "all/etc/motd.mustache": "own name: {{name}} at {{address}}\n",
                "all/.owners": "0600 12:34 /etc/munge/munge.key\n", "node/n001/etc/munge/munge.key": "a secret",
                "node/n002/etc/motd": "another node's",
            ]
            for (name, text) in files {
                let url = URL(fileURLWithPath: "\(state)/nodefiles/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url)
            }
            let outcome = try await Perseid.run("lab", "boot", "--state", state, "--capsule", "small")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let console = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: state + "/lab/n001.console")), as: UTF8.self)
            #expect(console.contains("own file: /etc/munge/munge.key 600 12:34"))
            #expect(console.contains("own name: n001 at 10.77.0."))
            let served = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: state + "/lab/serve.log")), as: UTF8.self)
            for text in [console, served, outcome.output] { #expect(!text.contains("a secret")) }
        }

        @Test func runsTheNodesOwnScripts() async throws {
            let state = try await BootState.copy("own-scripts")
            let scripts = [
                "handoff/all/10-name": "#!/bin/busybox sh\necho handoff of $PERSEID_NODE",
                "ready/all/20-site": "#!/bin/busybox sh\necho everybody",
                "ready/capsule/small/20-site": "#!/bin/busybox sh\necho the capsule $PERSEID_CAPSULE",
                "ready/node/n001/30-mine": "#!/bin/busybox sh\nbusybox sleep 1; echo mine alone",
                "ready/node/n002/40-not": "#!/bin/busybox sh\necho not mine",
            ]
            for (name, text) in scripts {
                let url = URL(fileURLWithPath: "\(state)/nodescripts/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data((text + "\n").utf8).write(to: url)
            }
            let outcome = try await Perseid.run("lab", "boot", "--state", state, "--capsule", "small")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let timeline = try await Perseid.run("timeline", "n001", "--state", state).output
            #expect(timeline.contains("script handoff/10-name ended with status 0"))
            #expect(timeline.contains("its last lines: handoff of n001"))
            #expect(timeline.contains("its last lines: the capsule small@1"))
            #expect(timeline.contains("its last lines: mine alone"))
            #expect(!timeline.contains("everybody") && !timeline.contains("not mine"))
        }

        @Test func aTestedGenerationMayBePromoted() async throws {
            let state = try await BootState.copy("tested")
            let refused = try await Perseid.run("capsule", "promote", "--tested", "--state", state, "small@1", "good")
            #expect(!refused.succeeded)
            #expect(refused.errors.contains("never tested"))
            let tested = try await Perseid.run("capsule", "test", "--state", state, "small@1")
            #expect(tested.succeeded, Comment(rawValue: tested.errors))
            for firmware in ["bios", "uefi"] { #expect(tested.output.contains("\(firmware): ready in ")) }
            let promoted = try await Perseid.run("capsule", "promote", "--tested", "--state", state, "small@1", "good")
            #expect(promoted.succeeded, Comment(rawValue: promoted.errors))
            #expect(try await Perseid.run("capsule", "list", "--state", state).output.contains("passed"))
            let drift = try await Perseid.run("drift", "--state", state)
            #expect(drift.succeeded && drift.output.contains("same"), Comment(rawValue: drift.output))
        }
    }
}
