import ArgumentParser

@main
struct PerseidStorm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perseid-storm",
        abstract: "Simulated nodes by the thousand, against a real boot server.",
        version: "0.1.0",
        subcommands: [
            DHCPCommand.self, TFTPCommand.self, HTTPCommand.self, BenchCommand.self, TrialCommand.self,
            DepositCommand.self,
        ])
}
