import Foundation
import Testing

extension BootTests {
    /// What a capsule's manifest tells the node to do, done by a node.
    @Suite struct CapsuleSettings {
        private static let scripts = """
            scripts:
              - name: 10-first
                stage: handoff
                content: |
                  #!/bin/sh
                  echo "begun on $PERSEID_NODE"
                  echo made > /etc/by-handoff
                  test -d /proc/self && test -c /dev/null
              - name: 20-check
                stage: ready
                content: |
                  #!/bin/sh
                  test "$(cat /etc/by-handoff)" = made || exit 3
                  grep ' / ' /proc/mounts

            """

        /// Builds the smallest root with these lines of a `capsule.yaml` and boots it.
        private func boot(_ name: String, _ lines: String, timeout: Int = 120) async throws -> Perseid.Outcome {
            let state = try await BootState.copy("settings-\(name)")
            let file = "\(state)/\(name).yaml"
            try Data("source: busybox\n\(lines)".utf8).write(to: URL(fileURLWithPath: file))
            let built = try await Perseid.run("capsule", "build", name, "--file", file, "--state", state)
            #expect(built.succeeded, Comment(rawValue: built.errors))
            return try await Perseid.run(
                "lab", "boot", "--state", state, "--capsule", name, "--timeout", "\(timeout)")
        }

        @Test func aRootOfErofsBootsAndRunsItsScripts() async throws {
            let outcome = try await boot("erofs", "imageFormat: erofs\n" + Self.scripts)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.output.contains("begun on n001"))
            #expect(outcome.output.contains("perseid / overlay"))
        }

        @Test func aRootIsUnpackedAndRunsItsScripts() async throws {
            let outcome = try await boot("unpacked", "rootMode: tmpfs\n" + Self.scripts)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.output.contains("unpacked unpacked@1 into memory"))
            #expect(outcome.output.contains("perseid / tmpfs"))
        }

        /// With 96 MB in it that no boot reads. What the first boot read first comes first at the second one.
        @Test func aRootMayStartBeforeItIsWhole() async throws {
            let state = try await BootState.copy("settings-lazy")
            let bytes = [UInt8](unsafeUninitializedCapacity: 96 << 20) { buffer, count in
                var generator = SystemRandomNumberGenerator()
                let words = buffer.withMemoryRebound(to: UInt64.self) { words in
                    for index in words.indices { words[index] = generator.next() }
                    return words.count
                }
                count = words * 8
            }
            try Data(bytes).write(to: URL(fileURLWithPath: state + "/ballast"))
            let text = """
                source: busybox
                rootMode: lazy
                files:
                  - path: /srv/ballast
                    source: ballast
                scripts:
                  - name: 10-device
                    stage: ready
                    content: |
                      #!/bin/sh
                      grep -q '^/dev/nbd0 .*squashfs' /proc/mounts && echo the root is on nbd0
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: state + "/lazy.yaml"))
            let built = try await Perseid.run(
                "capsule", "build", "lazy", "--file", state + "/lazy.yaml", "--state", state)
            #expect(built.succeeded, Comment(rawValue: built.errors))
            for isSecond in [false, true] {
                let outcome = try await Perseid.run(
                    "lab", "boot", "--state", state, "--capsule", "lazy", "--linger", isSecond ? "0" : "75")
                #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
                #expect(outcome.output.contains("the root is on nbd0"))
                #expect(outcome.output.contains(" chunks first that a boot reads first") == isSecond)
                let console = try String(contentsOfFile: state + "/lab/n001.console", encoding: .utf8)
                let start = try #require(console.firstRange(of: "handing over to /sbin/init of lazy@1"))
                let end = console.firstRange(of: "all of lazy@1 is there: ")
                #expect(isSecond || end != nil)
                #expect(end.map { $0.lowerBound > start.upperBound } != false)
            }
        }

        @Test(arguments: ["handoff", "ready"]) func aScriptThatFailsIsTheReason(stage: String) async throws {
            let outcome = try await boot(
                "failing-\(stage)",
                "scripts:\n  - name: no\n    stage: \(stage)\n    content: |\n      #!/bin/sh\n      echo why; exit 9\n",
                timeout: 60)
            #expect(!outcome.succeeded)
            let told = outcome.output + outcome.errors
            #expect(told.contains("script \(stage)/no ended with status 9; its last lines: why"), "\(told)")
        }
    }
}
