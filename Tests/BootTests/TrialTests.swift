import Foundation
import Subprocess
import Testing

extension BootTests {
    /// A real server under a real storm, hurt in the middle of it (`perseid-storm trial`).
    @Suite struct Trials {
        /// Twenty kills where PERSEID_TEST_ALL is set, as `make test-all` does; else three.
        @Test func losesNoAcknowledgedLeaseToSIGKILL() async throws {
            let kills = ProcessInfo.processInfo.environment["PERSEID_TEST_ALL", default: ""].isEmpty ? "3" : "20"
            let outcome = try await trial("kill", "--kills", kills)
            #expect(outcome.succeeded, Comment(rawValue: outcome.output + outcome.errors))
            #expect(outcome.lastLine == "trial kill: \(kills) of \(kills)")
        }

        /// Ten kills where PERSEID_TEST_ALL is set; else two.
        @Test func losesNoAcknowledgedChangeOfANode() async throws {
            let kills = ProcessInfo.processInfo.environment["PERSEID_TEST_ALL", default: ""].isEmpty ? "2" : "10"
            let outcome = try await trial("edits", "--kills", kills)
            #expect(outcome.succeeded, Comment(rawValue: outcome.output + outcome.errors))
            #expect(outcome.lastLine == "trial edits: \(kills) of \(kills)")
        }

        @Test func acknowledgesNothingThatAFullDiskCannotHold() async throws {
            let outcome = try await trial("full-disk")
            #expect(outcome.succeeded, Comment(rawValue: outcome.output + outcome.errors))
            #expect(outcome.lastLine == "trial full-disk: passed")
        }

        private func trial(_ words: String...) async throws -> Perseid.Outcome {
            try Perseid.requireRoot()
            // The first boot makes the stage 1 that is served.
            let state = try await BootState.copy("trial-\(words[0])")
            let storm = URL(fileURLWithPath: Perseid.program).deletingLastPathComponent()
                .appendingPathComponent("perseid-storm").path
            let result = try await Subprocess.run(
                .name("env"),
                arguments: Arguments(
                    ["--chdir=\(Perseid.checkout)", storm, "trial"] + words
                        + ["--perseid", Perseid.program, "--state", state]),
                output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
            return Perseid.Outcome(
                succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
                errors: result.standardError)
        }
    }
}
