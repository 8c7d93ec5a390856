import Foundation
import Testing

/// What nodes in a registry keep from being deleted and collected, with the real program and no machine.
@Suite struct CapsuleUserTests {
    private let state = NSTemporaryDirectory() + "perseid-users-" + UUID().uuidString
    private let root = NSTemporaryDirectory() + "perseid-users-root-" + UUID().uuidString

    private func perseid(_ words: String...) async throws -> Perseid.Outcome {
        try await Perseid.run(words + ["--state", state])
    }

    /// Files in the place of a root and a kernel with its modules.
    private func build() async throws {
        let modules = root + "/usr/lib/modules/6.1.0-test"
        try FileManager.default.createDirectory(atPath: modules + "/kernel", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: root + "/boot", withIntermediateDirectories: true)
        for (path, text) in [
            ("/boot/vmlinuz-6.1.0-test", "kernel"), ("/usr/lib/modules/6.1.0-test/modules.dep", ""),
            ("/usr/lib/modules/6.1.0-test/modules.order", ""), ("/usr/lib/modules/6.1.0-test/modules.builtin", ""),
            ("/stamp", UUID().uuidString),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
        }
        let built = try await perseid("capsule", "build", "a", "--source", root)
        #expect(built.succeeded, "\(built.errors)")
    }

    @Test func nodesKeepWhatTheyAreSetTo() async throws {
        defer {
            for path in [state, root] { try? FileManager.default.removeItem(atPath: path) }
        }
        for _ in 1...4 { try await build() }
        #expect(try await perseid("capsule", "promote", "a@3", "testing").succeeded)
        #expect(
            try await perseid("node", "add", "n001", "--mac", "52:54:00:00:00:01", "--capsule", "a@1").succeeded)
        #expect(
            try await perseid("node", "add", "n002", "--mac", "52:54:00:00:00:02", "--capsule", "a:testing").succeeded)

        let used = try await perseid("capsule", "delete", "a@1")
        #expect(!used.succeeded && used.errors.contains("node n001"))
        let channel = try await perseid("capsule", "delete", "a:testing")
        #expect(!channel.succeeded && channel.errors.contains("node n002"))

        let collected = try await perseid("capsule", "gc", "--keep", "1")
        #expect(collected.succeeded && collected.output.contains("generation a@2"), "\(collected.output)")
        #expect(!collected.output.contains("a@1") && !collected.output.contains("a@3"))
        let list = try await perseid("capsule", "list")
        #expect(["a@1", "a@3", "a@4"].allSatisfy { list.output.contains($0) } && !list.output.contains("a@2 "))

        #expect(try await perseid("node", "delete", "n001").succeeded)
        #expect(try await perseid("capsule", "delete", "a@1").succeeded)
    }
}
