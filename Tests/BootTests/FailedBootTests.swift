import Foundation
import Testing

extension BootTests {
    /// What cannot become ready ends with another status than 0 and says why.
    @Suite struct Failures {
        @Test func namesACapsuleThatIsNotThere() async throws {
            let outcome = try await Perseid.run("lab", "boot", "--state", BootState.shared, "--capsule", "nosuch")
            #expect(!outcome.succeeded)
            #expect(outcome.errors.contains("nosuch"))
            #expect(!outcome.output.contains("ready "))
        }

        @Test func namesAnAgentThatIsNotThere() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--agent", "/no/such/agent")
            #expect(!outcome.succeeded)
            #expect(outcome.errors.contains("/no/such/agent"))
        }

        @Test func bootsNoChunkWithAFlippedByte() async throws {
            let state = try await BootState.copy("flipped")
            for bundle in try FileManager.default.contentsOfDirectory(atPath: state + "/bundles") {
                try flipMiddleByte(of: "\(state)/bundles/\(bundle)")
            }
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", state, "--capsule", "small", "--timeout", "180")
            try expectFailure(outcome, saying: "chunk")
            #expect(outcome.errors.contains("failed 2 times"), "it is not waited for longer than that")
        }

        @Test func bootsNoManifestThatAnotherKeySigned() async throws {
            let state = try await BootState.copy("other-key")
            // The next boot makes a new key and a stage 1 that trusts it alone.
            try FileManager.default.removeItem(atPath: state + "/keys")
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", state, "--capsule", "small", "--timeout", "90")
            try expectFailure(outcome, saying: "key")
        }

        private func flipMiddleByte(of path: String) throws {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try #require(!bytes.isEmpty)
            bytes[bytes.count / 2] ^= 1
            // Bundles are read-only.
            try FileManager.default.removeItem(atPath: path)
            try bytes.write(to: URL(fileURLWithPath: path))
        }

        private func expectFailure(_ outcome: Perseid.Outcome, saying word: String) throws {
            #expect(!outcome.succeeded)
            #expect(!outcome.output.contains("ready "))
            #expect(outcome.errors.contains(word), Comment(rawValue: outcome.errors))
            #expect(outcome.errors.contains("  | "), "the last lines of the console are there")
        }
    }
}
