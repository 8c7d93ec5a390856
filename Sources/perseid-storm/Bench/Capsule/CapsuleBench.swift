import ArgumentParser
import BootLab
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capsule", abstract: "Races casync and Perseid, and measures what a node fetches and takes.",
        discussion: """
            The image is the root of a capsule, built from some 380 Debian packages; the pair is the same list once \
            from the release's main suite alone and once with updates and security. Both are made by mmdebstrap from \
            this host's apt sources and kept in the state's bench-capsule, with the downloads. Needs root, casync, \
            mmdebstrap, QEMU.
            """)

    @OptionGroup var program: ProgramUnderTest
    @OptionGroup var agent: AgentUnderTest
    @Option(help: "The Debian release.")
    var suite = "bookworm"
    @Option(help: "Runs of each measurement, 1 to 20; the middle one counts.")
    var rounds = 3
    @Flag(help: "Leave out the boot of a virtual machine, which shows the memory.")
    var withoutBoot = false
    @Flag(help: "Only make the inputs: the roots and the capsules.")
    var prepareOnly = false

    func validate() throws {
        try check((1...20).contains(rounds), "--rounds is 1 to 20")
    }

    func run() async throws {
        let directory = try program.directory("bench-capsule")
        let pair = PackagePair(directory: directory, suite: suite, say: say)
        let roots = try await pair.make()
        let capsules = PackageCapsules(perseid: program.perseid, state: try directory.directory("state").path, say: say)
        try await capsules.make(roots)
        guard !prepareOnly else { return }
        let image = try capsules.image(in: directory)
        say(try await versions())
        say("the image: \(image.path), \(megabytes(image.size)), squashfs with zstd, of \(suite) with updates")
        let race = CasyncRace(
            image: image.path, size: image.size, directory: directory, generator: CommandLine.arguments[0],
            rounds: rounds, say: say)
        let rows = try await race.run()
        say(CasyncRace.table(rows))
        var figures = [try CoreSpeed.ofChunking(image.path, rounds: rounds)]
        figures.append(CasyncRace.figure(rows))
        figures += try await capsules.differences(try await PackagePair.changes(roots))
        figures.append(try await CoreSpeed.ofAssembling(agent: agent.path, rounds: rounds))
        if !withoutBoot {
            figures.append(try await NodeMemory(perseid: program.perseid, agent: agent.path).figure(capsules))
        }
        say(Figure.summary(of: figures, bench: "capsule"))
    }

    private func versions() async throws -> String {
        let names = ["casync", "mmdebstrap", "squashfs-tools", "qemu-system-x86"]
        let query = Program("dpkg-query", ["--show", "--showformat=  ${Package} ${Version}\\n"] + names)
        return try await query.run()
    }
}

/// `383.5 MB`
func megabytes(_ bytes: Int64) -> String { "\(decimal(Double(bytes) / 1e6)) MB" }

/// What `perseid-storm bench capsule` runs beside casync, as a process of its own, so that both are measured alike.
struct DepositCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deposit", abstract: "Cuts a file into chunks, bundles and an index.", shouldDisplay: false)

    @Argument(help: "The file.")
    var image: String
    @Argument(help: "A directory that is not there yet.")
    var directory: String

    func run() throws {
        let index = try ImageDeposit.write(image, to: directory)
        print("\(index.chunks.count) chunks in \(index.bundles.count) bundles")
    }
}
