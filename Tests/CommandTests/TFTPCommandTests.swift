import BootProtocols
import Foundation
import PacketIO
import Subprocess
import TFTPService
import Testing

/// `perseid tftp get` as an admin types it, from a server on a port that the kernel chooses.
@Suite struct TFTPCommandTests {
    /// Beside the test bundle, where SwiftPM builds every product.
    private static let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("perseid").path
    /// Longer than a block, with line ends where netascii has its escapes.
    private static let text = (0..<400).map { "line \($0)\n" }.joined() + "a\r\rb\r\n\n\r"

    private struct Outcome {
        var succeeded: Bool
        var words: String
        /// What became of the file; nil: there is none.
        var content: Data?
    }

    private func get(_ name: String, _ options: String...) async throws -> Outcome {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        let served = directory + "/served"
        try FileManager.default.createDirectory(atPath: served, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data(Self.text.utf8).write(to: URL(fileURLWithPath: served + "/text"))
        let server = try TFTPServer(
            .init(address: IPv4Address(value: 0x7f00_0001), port: 0), settings: TFTPSettings(),
            content: TFTPDirectory(ConfinedDirectory(path: served)), writes: nil, report: { _ in })
        let thread = try server.start { error in
            if let error { Issue.record("the server ended: \(error)") }
        }
        defer { thread.stop() }
        let place = directory + "/got"
        let result = try await Subprocess.run(
            .name("env"),
            arguments: Arguments(
                [Self.program, "tftp", "get", "127.0.0.1:\(name)", "--port", "\(server.local.port)", "-o", place]
                    + options),
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let left = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(left.allSatisfy { ["served", "got"].contains($0) }, "it left \(left)")
        return Outcome(
            succeeded: result.terminationStatus.isSuccess, words: result.standardOutput + result.standardError,
            content: FileManager.default.contents(atPath: place))
    }

    @Test(arguments: ["octet", "netascii"])
    func bringsTheFileAsItIs(mode: String) async throws {
        let outcome = try await get("text", "--mode", mode, "--blksize", "512")
        #expect(outcome.succeeded, Comment(rawValue: outcome.words))
        #expect(outcome.content == Data(Self.text.utf8))
    }

    @Test func leavesNothingOfWhatThereIsNot() async throws {
        let outcome = try await get("other")
        #expect(!outcome.succeeded && outcome.content == nil)
        #expect(outcome.words.contains("other from 127.0.0.1"), Comment(rawValue: outcome.words))
    }
}
