import Foundation
import Subprocess

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
}
