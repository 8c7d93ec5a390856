import ArgumentParser
import BootLab
import Foundation

/// SIGKILL in the middle of a storm, again and again: what was acknowledged must be there.
struct KillTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Kills `perseid serve` in mid-storm and looks for every acknowledged lease.",
        discussion: "In namespaces of its own; needs root. The last line is `trial kill: N of N`.")

    @OptionGroup var options: ServerUnderTest
    @OptionGroup var count: KillCount

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let (network, kills) = (StormNetwork(), count.kills ?? 20)
        try await network.bringUp()
        let directory = try options.trialDirectory("kill")
        var ledger = LeaseLedger()
        for number in 1...kills {
            // From the start of a storm to its end, at another moment each time.
            let moment = Duration.milliseconds(150 + (number * 617) % 1500)
            let file = directory.file("acknowledged-\(number)")
            async let storm: Void = load(network, seed: number, file)
            try await options.server().servingUntilKilled(network, directory, after: moment)
            try await storm
            let count = try ledger.add(fromFile: file)
            try ledger.verify(registry: directory.file("state") + "/registry.sqlite")
            print(
                "kill \(number) after \(moment): \(count) leases acknowledged, all \(ledger.addresses.count) are there")
        }
        try await options.server().serving(network, directory) { [ledger] _ in
            try await renew(network, directory, expecting: ledger)
        }
        print("trial kill: \(kills) of \(kills)")
    }

    private func load(_ network: StormNetwork, seed: Int, _ file: String) async throws {
        // The server needs a moment to start; nodes repeat what was not answered.
        try await options.storm(
            network, seed: seed, acknowledged: file,
            ["--load", "leases", "--rate", "8000", "--seconds", "2", "--nodes", "16000", "--limit", "3"]
        ).run()
    }

    /// After the last start new nodes get no address of the old ones.
    private func renew(
        _ network: StormNetwork, _ directory: LabDirectory, expecting ledger: LeaseLedger
    ) async throws {
        var ledger = ledger
        let file = directory.file("acknowledged-last")
        try await options.storm(
            network, seed: 200, acknowledged: file, ["--load", "power-on", "--nodes", "2000", "--seconds", "1"]
        ).run()
        let count = try ledger.add(fromFile: file)
        guard count == 2000 else {
            throw LabError.system("after the last start only \(count) of 2000 nodes got a lease")
        }
    }
}
