import Foundation
import Subprocess
import Testing

/// State directories of the boot tests, beneath `.work/boot-tests` of the checkout, where they stay for whoever looks
/// into a failure. Each run starts with none.
enum BootState {
    private static let root: String = {
        let path = Perseid.checkout + "/.work/boot-tests"
        try? FileManager.default.removeItem(atPath: path)
        return path
    }()

    /// Keys, stage 1 and the small capsule are made in it by the first test that boots.
    static let shared = root + "/shared"

    /// A copy of the shared state for a test that breaks something in it.
    static func copy(_ name: String) async throws -> String {
        if !FileManager.default.fileExists(atPath: shared + "/capsules/small") {
            _ = try await Perseid.run("lab", "boot", "--state", shared, "--capsule", "small")
        }
        let path = "\(root)/\(name)"
        _ = try await Subprocess.run(
            .name("cp"), arguments: ["--archive", shared, path], output: .discarded, error: .discarded)
        return path
    }

    /// Copies the root of a state's capsule into a directory that is not there yet, where it may be changed.
    static func copyRoot(of capsule: String, in state: String, to tree: String) async throws {
        let mount = state + "/mount"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        for words in [["mount", capsule, mount], ["unmount", mount]] {
            let outcome = try await Perseid.run(["capsule"] + words + ["--state", state])
            try #require(outcome.succeeded, Comment(rawValue: outcome.errors))
            guard words[0] == "mount" else { continue }
            let copied = try await Subprocess.run(
                .name("cp"), arguments: ["--archive", mount, tree], output: .discarded, error: .discarded)
            #expect(copied.terminationStatus.isSuccess)
        }
    }
}
