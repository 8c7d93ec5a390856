import ArgumentParser
import BootLab
import CapsuleStore
import Foundation
import RegistrySQLite

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
    }
}
