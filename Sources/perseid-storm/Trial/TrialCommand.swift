import ArgumentParser
import BootLab
import Foundation

struct TrialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial", abstract: "Hurts a real server, or asks much of it, and looks whether it kept its word.",
        subcommands: [KillTrial.self, EditTrial.self, FullDiskTrial.self, LargeTrial.self, LiveSyncTrial.self])
}

/// What the trials have in common.
extension ServerUnderTest {
    /// An empty directory for the trial `name`.
    func trialDirectory(_ name: String) throws -> LabDirectory {
        let all = try directory("trial")
        try? FileManager.default.removeItem(atPath: all.file(name))
        return try all.directory(name)
    }

    func server(_ more: [String] = []) -> DHCPContender {
        .perseid(perseid, stage1: stage1, isFresh: false, more)
    }

    /// A storm of the trial's, which reports what it was acknowledged.
    func storm(_ network: StormNetwork, seed: Int, acknowledged file: String, _ more: [String]) -> Program {
        let words = [
            "dhcp", "--server", "\(network.server)", "--seed", "\(seed)", "--acknowledged", file, "--json",
        ]
        return network.atLoad(CommandLine.arguments[0], words + more)
    }
}
