import Administration
import ArgumentParser
import CapsuleFormat

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Brings what is on the disks of running nodes to a generation, without a reboot.",
        discussion: """
            For nodes that were installed on their disks. Each fetches what it lacks of the images, compares them with \
            its disk, and makes its files those of the image: what differs is replaced, each file in one step, what the \
            image lacks is removed. It leaves alone what is the machine's own (fstab, names and keys, network, homes, \
            /var but for the packages' database, what is mounted from elsewhere) and what the exclude lists name. Then \
            come the node's own files, kernel and boot entry. It says what changed, and whether a reboot is due.

            Exclude lists are STATE/updates/exclude/SCOPE: all, capsule/NAME, base/NAME, group/NAME or node/NAME, a \
            pattern of rsync(1) a line. `+ PATTERN` takes one back that a place further off leaves out. Node scripts of \
            the stages pre-update and post-update run around it.

            --dry-run changes nothing and lists all that would be changed: + added, ~ changed, - removed, o own file, \
            k kernel and loader, x excluded, ! in the way. Ends with status 1 unless every node is at its generation.

            Examples:
              perseid update n001 --dry-run
              perseid update 'n[001-100]' --to compute@12
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "NAME@GENERATION, NAME:CHANNEL or NAME. Without: the capsule that each node is set to.")
    var to: String?
    @Flag(help: "Change nothing; list what would change.")
    var dryRun = false
    @Option(help: "Seconds to wait for the nodes.")
    var timeout = 1800

    func validate() throws {
        if let to { _ = try CapsuleReference.validated(to) }
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let request = WorkRequest(select: nodes.words, kind: .update, capsule: to, dryRun: dryRun)
        let isDryRun = dryRun
        let isWhole = try await NodeWork(session: RegistrySession(state)).carryOut(request, within: timeout) { work in
            print("\(work.node)  \(Self.printable(work.refusal ?? work.outcome ?? ""))")
            if isDryRun { for line in work.changes ?? [] { print("  \(Self.printable(line))") } }
        }
        if !isWhole { throw ExitCode(1) }
    }

    /// Names of files are a node's to choose, and a terminal obeys what it is shown.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
