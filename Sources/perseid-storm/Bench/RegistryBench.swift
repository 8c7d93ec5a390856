import Administration
import ArgumentParser
import BootLab
import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite

struct RegistryBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry", abstract: "Measures the registry: check-ins, heartbeats, many nodes, many events.",
        discussion: """
            The ledger that the daemon has, in this process, and the command line on the same state. Needs no root and no \
            network; 10,000,000 events take 3 GB beneath the state.
            """)

    @OptionGroup var program: ProgramUnderTest
    @Option(help: "Nodes.")
    var nodes = 100_000
    @Option(help: "Events of the log.")
    var events = 10_000_000

    func validate() throws {
        guard (1000...1_000_000).contains(nodes), (10_000...100_000_000).contains(events) else {
            throw ValidationError("1000 to 1000000 nodes, 10000 to 100000000 events")
        }
    }

    func run() async throws {
        let directory = program.state + "/bench-registry"
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let figures = RegistryFigures(directory: directory, perseid: program.perseid, nodes: nodes, events: events)
        let all = try await figures.measure(say)
        say(Figure.summary(of: all, bench: "registry"))
    }
}
