import ArgumentParser
import BootLab
import Foundation

struct LabBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Races Perseid and dnsmasq from power-on to stage 1's init.",
        discussion: "The same machine, loader, kernel, initramfs and command line for both, in turn.")

    @OptionGroup var state: StateOption
    @OptionGroup var kit: LabKit
    @Option(help: "Boots of each server with each firmware.")
    var rounds = 3

    func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("rounds are 1 to 100") }
    }

    func run() async throws {
        let state = try state.open()
        guard LabNamespace.isInside else {
            try await kit.prepare(capsule: nil, in: state)
            throw ExitCode(try LabNamespace.enter() ?? 0)
        }
        let network = LabNetwork.standard
        try await network.bringUp()
        let payload = BootPayload(
            kernel: state.stage1 + "/vmlinuz", initramfs: state.stage1 + "/initramfs.img",
            commandLine: kit.kernelArguments(for: nil))
        let report = try await BootBench(rounds: rounds).run(
            [perseid(state), DnsmasqContender(payload).contender, DnsmasqContender(payload, isTuned: true).contender],
            network: network, directory: LabDirectory(creating: state.path + "/bench"), progress: say)
        print("power-on to stage 1's init; the same machine, loaders, kernel, initramfs and command line")
        for version in try await HostVersions.packages() { print("  \(version)") }
        print(report.text)
    }

    /// Perseid from a fresh state that has nothing but what it serves.
    private func perseid(_ state: StateDirectory) -> BenchContender {
        BenchContender(name: "perseid") { network, directory, body in
            let fresh = directory.file("state")
            let files = FileManager.default
            if files.fileExists(atPath: fresh) { try files.removeItem(atPath: fresh) }
            try files.createDirectory(atPath: fresh, withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: fresh + "/stage1", withDestinationPath: state.stage1)
            let log = try Transcript(of: "perseid serve", log: directory.file("serve.log"))
            try await kit.server(on: network, state: fresh).running(into: log) {
                _ = try await log.line(containing: "serving ", within: .seconds(30))
                try await body()
            }
        }
    }
}
