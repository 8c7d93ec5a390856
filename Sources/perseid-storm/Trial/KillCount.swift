import ArgumentParser
import BootLab
import Foundation
import Glibc

/// How often a trial kills the server.
struct KillCount: ParsableArguments {
    @Option(help: "How often, 1 to 100. Without: as often as the trial needs.")
    var kills: Int?

    func validate() throws {
        guard kills.map({ (1...100).contains($0) }) ?? true else { throw ValidationError("--kills is 1 to 100") }
    }
}

extension DHCPContender {
    /// Runs the server until SIGKILL ends it.
    func servingUntilKilled(_ network: StormNetwork, _ directory: LabDirectory, after moment: Duration) async throws {
        do {
            try await serving(network, directory) { _ in
                try await Task.sleep(for: moment)
                // Commands have the server's name too; the lock has its number.
                let lock = try String(contentsOfFile: directory.file("state") + "/serve.lock", encoding: .utf8)
                guard let server = pid_t(lock), server > 1 else { throw LabError.system("no server to kill: \(lock)") }
                Glibc.kill(server, SIGKILL)
                try await Task.sleep(for: .seconds(10))
            }
            throw LabError.system("the server outlived SIGKILL")
        } catch LabError.programEnded {
            // As it should be.
        }
    }
}
