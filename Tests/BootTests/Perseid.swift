import Foundation
import Subprocess
import Testing

/// The built `perseid`, run as a user runs it.
enum Perseid {
    /// How a run ended and what it said.
    struct Outcome: Sendable {
        var succeeded: Bool
        var output: String
        var errors: String

        var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }
    }

    /// The checkout, which templates, package lists and the agent are found in.
    static let checkout = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Beside the test bundle, where SwiftPM builds every product.
    static let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("perseid").path

    /// `env` changes to the checkout first: arguments go through as they are.
    static func arguments(_ words: [String]) -> Arguments {
        Arguments(["--chdir=\(checkout)", program] + words)
    }

    static func run(_ words: String...) async throws -> Outcome { try await run(words) }

    static func run(_ words: [String]) async throws -> Outcome {
        try requireRoot()
        let result = try await Subprocess.run(
            .name("env"), arguments: arguments(words), output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
        return Outcome(
            succeeded: result.terminationStatus.isSuccess, output: result.standardOutput, errors: result.standardError)
    }

    static func requireRoot() throws {
        try #require(geteuid() == 0, "boot tests make namespaces and taps: run them as root, with sudo")
    }
}
