import ArgumentParser
import BootLab
import Foundation

struct HTTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "Races nginx and Perseid with bundles of capsules.",
        discussion: """
            In namespaces of its own, over one cable. Perseid serves as it always does: a simulated node gets its lease, \
            its boot script and its agent's token, and all clients ask with that. nginx serves copies of the \
            same files to everybody. Neither server's files are in memory at first. Needs root, curl and nginx.
            """)

    @OptionGroup var server: ServerUnderTest
    @Option(help: "Seconds of each run, 1 to 60.")
    var seconds = 3
    @Option(help: "Runs of each server with each number of connections, 1 to 20; the middle one counts.")
    var rounds = 3
    @Option(help: "Numbers of connections.")
    var connections = [1, 16, 128, 1000]
    @Option(help: "Congestion control of all servers' connections: by default the one that every kernel has.")
    var congestion = "reno"
    @Flag(help: "The race alone, without memory and the crowd.")
    var raceOnly = false

    func validate() throws {
        try check((1...60).contains(seconds), "--seconds is 1 to 60")
        try check((1...20).contains(rounds), "--rounds is 1 to 20")
        try check(connections.allSatisfy { (1...4096).contains($0) }, "--connections is 1 to 4096")
    }

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let network = StormNetwork()
        try await network.bringUp()
        try setCongestionControl()
        let directory = try server.directory("bench-http")
        let own = try directory.directory("state")
        try empty(own)
        let bundles = try await HTTPBundles(in: own.directory("bundles"))
        let copies = try bundles.copy(to: directory.directory("nginx-bundles"))
        let agent = AgentStandIn(
            network: network, directory: directory, perseid: server.perseid, generator: CommandLine.arguments[0])
        try await agent.register(in: own.path)
        let nginx = try HTTPContender.nginx(network, directory, bundles: copies.directory)
        let ours = HTTPContender.perseid(server.perseid, network, state: own.path)
        let race = HTTPRace(
            network: network, generator: CommandLine.arguments[0],
            paths: bundles.identifiers.map { "/node/v1/bundles/\($0)" }, size: HTTPBundles.size, seconds: seconds,
            rounds: rounds, say: say)
        try await announce([nginx, ours])
        for set in [bundles, copies] { try set.leaveMemory() }
        try await nginx.serving(directory) {
            try await ours.serving(directory) {
                var ours = ours
                ours.tokenFile = try await agent.checkIn(with: ours)
                try await measure(race, nginx, ours)
            }
        }
    }

    /// Hosts of virtual machines often have BBR, which paces what is sent by what it has seen: a run of some seconds
    /// then tells of its first guesses.
    private func setCongestionControl() throws {
        // Of this network namespace alone.
        let place = "/proc/sys/net/ipv4/tcp_congestion_control"
        do {
            try Data("\(congestion)\n".utf8).write(to: URL(fileURLWithPath: place))
        } catch {
            throw ValidationError(
                "this kernel has no congestion control `\(congestion)`: or does not let a namespace have it: name another, --congestion reno"
            )
        }
    }

    private func measure(_ race: HTTPRace, _ nginx: HTTPContender, _ ours: HTTPContender) async throws {
        for contender in [nginx, ours] { try await race.warmUp(contender) }
        if !raceOnly {
            for contender in [nginx, ours] { try await sayMemory(race, contender) }
        }
        var pairs: [(peer: HTTPRace.Row, ours: HTTPRace.Row)] = []
        for count in connections {
            let rows = try await race.rows(of: [nginx, ours], connections: count)
            if rows.count == 2 { pairs.append((rows[0], rows[1])) }
        }
        var figures = HTTPRace.figures(pairs)
        if !raceOnly {
            say("  nginx: " + HTTPRace.figure(try await race.crowd(nginx, clients: 2000)).measured)
            figures.append(HTTPRace.figure(try await race.crowd(ours, clients: 2000)))
        }
        say(HTTPRace.table(pairs))
        say(Figure.summary(of: figures, bench: "http"))
    }

    private func sayMemory(_ race: HTTPRace, _ contender: HTTPContender) async throws {
        for stalled in [false, true] {
            let footprint = try await race.footprint(of: contender, stalled: stalled, connections: 1000)
            say(
                "  \(contender.name), memory per \(stalled ? "stalled" : "idle") connection: "
                    + "\(decimal(footprint.resident / 1024)) KiB of the server, "
                    + "\(decimal(footprint.kernel / 1024)) KiB of TCP buffers of both ends in the kernel")
        }
    }

    private func announce(_ contenders: [HTTPContender]) async throws {
        let query = Program("dpkg-query", ["--show", "--showformat=  ${Package} ${Version}\\n", "nginx*"])
        say(try await query.run().split(separator: "\n").filter { $0.last != " " }.joined(separator: "\n"))
        for contender in contenders { say("  \(contender.name): \(contender.program.commandLine)") }
        say(
            "ranges of 1 MiB of \(HTTPBundles.count) files of 16 MiB, which each server has for itself and reads from "
                + "the disk at first, over one cable, "
                + "\(ProcessInfo.processInfo.activeProcessorCount) cores shared with the generator, which throws the bytes "
                + "away in the kernel, TCP with \(congestion); \(rounds) runs of \(seconds) s, in turn, the middle one counts:"
        )
    }

    /// A state of our own: that stage 1, and an empty registry.
    private func empty(_ own: LabDirectory) throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: own.path) where name.hasPrefix("registry.sqlite") {
            try files.removeItem(atPath: own.file(name))
        }
        try server.lendStage1(to: own)
    }
}
