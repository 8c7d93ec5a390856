import ArgumentParser
import BootLab
import Foundation

struct TFTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tftp", abstract: "Races tftpd-hpa, atftpd, dnsmasq and Perseid.",
        discussion: "In namespaces of its own, over one cable, each server in turn. Needs root and the servers.")

    @OptionGroup var server: ServerUnderTest
    @Flag(help: "Leave the others out.")
    var alone = false

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let network = StormNetwork()
        try await network.bringUp()
        try await network.addSources()
        let directory = try server.directory("bench-tftp")
        let peersDirectory = server.home + "/peers"
        let served = try serve(directory)
        let race = TFTPRace(
            network: network, directory: directory, generator: CommandLine.arguments[0], say: say)
        let ours = TFTPContender.perseid(server.perseid, network, state: served.state)
        say("blksize 1468 over one cable; client: perseid-storm. Servers as started:")
        var peers: [TFTPRace.Row] = []
        if !alone {
            for peer in [TFTPContender.hpa, TFTPContender.atftpd, TFTPContender.dnsmasq] {
                peers.append(try await race.row(of: peer(network, served.files, peersDirectory)))
            }
        }
        let row = try await race.row(of: ours)
        say(TFTPRace.table(peers + [row]))
        var figures = TFTPRace.figures(peers: peers, ours: row)
        figures += try await race.weather(ours)
        if !alone {
            let query = Program("dpkg-query", ["--show", "--showformat=  ${Package} ${Version}\\n", "dnsmasq-base"])
            say(try await query.run())
            let packages = try FileManager.default.contentsOfDirectory(atPath: peersDirectory).sorted()
            for package in packages where package.hasSuffix(".deb") { say("  \(package)") }
        }
        say(Figure.summary(of: figures, bench: "tftp"))
    }

    /// Puts the files where all can serve them: among the loaders of a state of our own.
    private func serve(_ directory: LabDirectory) throws -> (state: String, files: String) {
        let own = try directory.directory("state")
        let loaders = try own.directory("loaders")
        try server.lendStage1(to: own)
        for (name, megabytes) in [("10m.img", 10), ("20m.img", 20), ("50m.img", 50), ("200m.img", 200)] {
            let path = loaders.file(name)
            guard !FileManager.default.fileExists(atPath: path) else { continue }
            let part = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) })
            var whole = Data(capacity: megabytes * part.count)
            for _ in 0..<megabytes { whole.append(part) }
            try whole.write(to: URL(fileURLWithPath: path))
        }
        return (own.path, loaders.path)
    }
}
