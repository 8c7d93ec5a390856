import ArgumentParser
import BootLab
import Foundation

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures Perseid, and others beside it.",
        subcommands: [
            DHCPBench.self, TFTPBench.self, HTTPBench.self, CapsuleBench.self, RegistryBench.self,
        ])
}

struct DHCPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dhcp", abstract: "Races Kea, dnsmasq and Perseid, then measures Perseid alone.",
        discussion: """
            In namespaces of its own, over one cable, each server in turn. Needs root, kea-admin and the servers. While \
            the race is on, sockets of this host that ask for no size get receive buffers of 4 MiB, for perfdhcp's sake: \
            after a kill, `sysctl net.core.rmem_default=212992` has the standard again.
            """)

    @OptionGroup var server: ServerUnderTest
    @Option(help: "Seconds of each run of the race, 1 to 60.")
    var seconds = 4
    @Option(help: "Runs of each rate, 1 to 20; the one in the middle tells whether the server kept up.")
    var rounds = 3
    @Option(help: "Only a part: peers (the race by perfdhcp) or own (Perseid by its own generator).")
    var only: Part?
    @Option(parsing: .upToNextOption, help: "Servers of the race; its figures need all three.")
    var servers = Server.allCases

    enum Server: String, CaseIterable, ExpressibleByArgument { case kea, dnsmasq, perseid }

    enum Part: String, CaseIterable, ExpressibleByArgument { case peers, own }

    func validate() throws {
        try check((1...60).contains(seconds), "--seconds is 1 to 60")
        try check((1...20).contains(rounds), "--rounds is 1 to 20")
    }

    func run() async throws {
        // Once, outside of the namespaces: inside it is large enough by then.
        let before = only == .own ? nil : try ReceiveBuffer.raise()
        defer { if let before { try? ReceiveBuffer.set(before) } }
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let network = StormNetwork()
        try await network.bringUp()
        let directory = try server.directory("bench-dhcp")
        var figures: [Figure] = []
        if only != .own { figures += try await race(network, directory) }
        if only != .peers {
            say("perseid alone, \(ProcessInfo.processInfo.activeProcessorCount) cores shared with the generator:")
            figures += try await OwnFigures(
                network: network, directory: directory, perseid: server.perseid, generator: CommandLine.arguments[0],
                stage1: server.stage1, rounds: rounds, say: say
            ).measure()
        }
        say(Figure.summary(of: figures, bench: "dhcp"))
    }

    private func race(_ network: StormNetwork, _ directory: LabDirectory) async throws -> [Figure] {
        say(
            "four-way exchanges by perfdhcp at under 1 % loss; ours with fsync, theirs as shipped; receive buffers of"
                + " \(try ReceiveBuffer.size()) bytes for sockets that ask for no size, perfdhcp's among them:")
        let packages = ["kea-dhcp4-server", "kea-admin", "dnsmasq-base"]
        let query = Program("dpkg-query", ["--show", "--showformat=  ${Package} ${Version}\\n"] + packages)
        say(try await query.run())
        let race = PeerRace(network: network, directory: directory, seconds: seconds, rounds: rounds, say: say)
        var rows: [Server: PeerRace.Row] = [:]
        for name in Server.allCases where servers.contains(name) {
            rows[name] = try await race.row(of: contender(name))
        }
        say(PeerRace.table(Server.allCases.compactMap { rows[$0] }))
        guard let kea = rows[.kea], let dnsmasq = rows[.dnsmasq], let ours = rows[.perseid] else { return [] }
        return PeerRace.figures(kea: kea, dnsmasq: dnsmasq, perseid: ours)
    }

    private func contender(_ name: Server) -> DHCPContender {
        switch name {
        case .kea: .kea
        case .dnsmasq: .dnsmasq
        case .perseid: .perseid(server.perseid, stage1: server.stage1)
        }
    }
}
