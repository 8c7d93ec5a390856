import Administration
import ArgumentParser
import CapsuleFormat

struct CapsuleLiveSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livesync", abstract: "Moves running nodes to a generation's files, as far as that is safe.",
        discussion: """
            Each node fetches what it lacks of the new root, compares it with the one that it runs, and replaces files \
            one by one, each in one step. It leaves alone what was changed on the node, and says what needs a reboot: \
            kernel and modules, init, the C library, accounts, and files that programs have mapped. Services are not \
            restarted. Ends with status 1 if a node is not wholly at the new generation.

            Nodes hear of it with their next heartbeat. What they boot next is not changed: that is for `perseid node \
            add` and the channels. Nodes that run from their own disk are for `perseid update`.

            Example: perseid capsule livesync compute@8 n001 n002
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @OptionGroup var nodes: NodeSelection
    @Option(help: "Seconds to wait for the nodes.")
    var timeout = 300

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let request = WorkRequest(select: nodes.words, kind: .livesync, capsule: capsule)
        let isWhole = try await NodeWork(session: RegistrySession(state)).carryOut(request, within: timeout) { work in
            print("\(work.node)  \(work.refusal ?? work.outcome ?? "")")
        }
        if !isWhole { throw ExitCode(1) }
    }
}
