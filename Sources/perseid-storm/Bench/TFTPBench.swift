import ArgumentParser
import BootLab
import Foundation

struct TFTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tftp", abstract: "Races tftpd-hpa, atftpd, dnsmasq and Perseid.",
        discussion: "In namespaces of its own, over one cable, each server in turn. Needs root and the servers.")

    @Option(help: "The program `perseid`.")
    var perseid = ".build/release/perseid"
    @Option(help: "State whose stage 1 is served.")
    var state = ".work"
    @Flag(help: "Leave the others out.")
    var alone = false

    func validate() throws {
        let stage1 = state + "/stage1/stage1.json"
        guard FileManager.default.fileExists(atPath: stage1) else {
            throw ValidationError("there is no \(stage1): `\(perseid) stage1 build --state \(state)` makes it")
        }
    }

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let network = StormNetwork()
        try await network.bringUp()
        try await network.addSources()
        // The servers work elsewhere, one of them in a root of its own.
        let here = URL(fileURLWithPath: state).standardizedFileURL.path
        let directory = try LabDirectory(creating: here + "/bench-tftp")
        let served = try serve(directory)
        let race = TFTPRace(
            network: network, directory: directory, generator: CommandLine.arguments[0], say: say)
        let ours = TFTPContender.perseid(perseid, network, state: served.state)
        say("blksize 1468 over one cable; client: perseid-storm on the other core. Servers as started:")
        var peers: [TFTPRace.Row] = []
        if !alone {
            for peer in [TFTPContender.hpa, TFTPContender.atftpd, TFTPContender.dnsmasq] {
                peers.append(try await race.row(of: peer(network, served.files, here + "/peers")))
            }
        }
        let row = try await race.row(of: ours)
        say(TFTPRace.table(peers + [row]))
        var figures = TFTPRace.figures(peers: peers, ours: row)
        figures += try await race.weather(ours)
        if !alone {
            let query = Program("dpkg-query", ["--show", "--showformat=  ${Package} ${Version}\\n", "dnsmasq-base"])
            say(try await query.run())
            let packages = try FileManager.default.contentsOfDirectory(atPath: here + "/peers").sorted()
            for package in packages where package.hasSuffix(".deb") { say("  \(package)") }
        }
        say(Figure.summary(of: figures, bench: "tftp"))
    }

    /// Puts the files where all can serve them: among the loaders of a state of our own.
    private func serve(_ directory: LabDirectory) throws -> (state: String, files: String) {
        let own = try directory.directory("state")
        let loaders = try own.directory("loaders")
        if !FileManager.default.fileExists(atPath: own.file("stage1")) {
            let target = URL(fileURLWithPath: state + "/stage1").standardizedFileURL.path
            try FileManager.default.createSymbolicLink(atPath: own.file("stage1"), withDestinationPath: target)
        }
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

/// A line on standard output at once, also where that is a file: a bench takes minutes.
@Sendable private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
