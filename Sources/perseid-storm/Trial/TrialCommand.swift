import ArgumentParser
import BootLab
import Foundation

struct TrialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial", abstract: "Hurts a real server in mid-storm, and looks whether it kept its word.",
        subcommands: [KillTrial.self, FullDiskTrial.self])
}

/// What the trials have in common: where the server is and what it serves.
struct TrialOptions: ParsableArguments {
    @Option(help: "The program `perseid`.")
    var perseid = ".build/release/perseid"
    @Option(help: "State whose stage 1 is served. The trial's own state goes into it too, beneath `trial`.")
    var state = ".work"

    func validate() throws {
        guard FileManager.default.fileExists(atPath: state + "/stage1") else {
            throw ValidationError(
                "there is no \(state)/stage1: `\(perseid) stage1 build --state \(state)` makes it")
        }
    }

    /// An empty directory for this trial.
    func directory(_ name: String) throws -> LabDirectory {
        let all = try LabDirectory(creating: state + "/trial")
        try? FileManager.default.removeItem(atPath: all.file(name))
        return try all.directory(name)
    }

    func server(_ more: [String] = []) -> DHCPContender {
        .perseid(
            perseid, stage1: URL(fileURLWithPath: state + "/stage1").standardizedFileURL.path, isFresh: false, more)
    }

    /// A storm of the trial's, which reports what it was acknowledged.
    func storm(_ network: StormNetwork, seed: Int, acknowledged file: String, _ more: [String]) -> Program {
        let words = [
            "dhcp", "--server", "\(network.server)", "--seed", "\(seed)", "--acknowledged", file, "--json",
        ]
        return network.atLoad(CommandLine.arguments[0], words + more)
    }
}
