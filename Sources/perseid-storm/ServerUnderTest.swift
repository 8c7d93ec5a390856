import ArgumentParser
import BootLab
import Foundation

/// The server that a bench or a trial starts, and what it serves.
struct ServerUnderTest: ParsableArguments {
    @Option(help: "The program `perseid`.")
    var perseid = ".build/release/perseid"
    @Option(help: "State whose stage 1 is served; what the run makes goes into it too.")
    var state = ".work"

    func validate() throws {
        let manifest = state + "/stage1/stage1.json"
        guard FileManager.default.fileExists(atPath: manifest) else {
            throw ValidationError("there is no \(manifest): `\(perseid) stage1 build --state \(state)` makes it")
        }
    }

    /// The state's absolute path: some servers work in another directory.
    var home: String { URL(fileURLWithPath: state).standardizedFileURL.path }
    var stage1: String { home + "/stage1" }

    func directory(_ name: String) throws -> LabDirectory { try LabDirectory(creating: home + "/" + name) }

    /// Makes `own`, a state for this run alone, serve that stage 1.
    func lendStage1(to own: LabDirectory) throws {
        let link = own.file("stage1")
        guard !FileManager.default.fileExists(atPath: link) else { return }
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: stage1)
    }
}
