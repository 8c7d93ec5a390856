import ArgumentParser
import BootLab
import Foundation

/// The program that a bench or a trial is about, and where it works.
struct ProgramUnderTest: ParsableArguments {
    @Option(help: "The program `perseid`.")
    var perseid = ".build/release/perseid"
    @Option(help: "State to work in: what the run needs and what it makes.")
    var state = ".work"

    /// The state's absolute path: some servers work in another directory.
    var home: String { URL(fileURLWithPath: state).standardizedFileURL.path }

    /// A directory of the run's in the state, which is made if it is not there.
    func directory(_ name: String) throws -> LabDirectory {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        return try LabDirectory(creating: home + "/" + name)
    }
}

/// The agent that machines run.
struct AgentUnderTest: ParsableArguments {
    @Option(name: .customLong("agent"), help: "The static agent.")
    var path = ".build-agent/perseid-agent"
}

/// The server that a bench or a trial starts, and what it serves: the state's stage 1.
struct ServerUnderTest: ParsableArguments {
    @OptionGroup var program: ProgramUnderTest

    var perseid: String { program.perseid }
    var state: String { program.state }
    var home: String { program.home }
    var stage1: String { home + "/stage1" }

    func validate() throws {
        let manifest = state + "/stage1/stage1.json"
        guard FileManager.default.fileExists(atPath: manifest) else {
            throw ValidationError("there is no \(manifest): `\(perseid) stage1 build --state \(state)` makes it")
        }
    }

    func directory(_ name: String) throws -> LabDirectory { try program.directory(name) }

    /// Makes `own`, a state for this run alone, serve that stage 1.
    func lendStage1(to own: LabDirectory) throws {
        let link = own.file("stage1")
        guard !FileManager.default.fileExists(atPath: link) else { return }
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: stage1)
    }
}
