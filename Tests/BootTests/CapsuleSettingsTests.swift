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
