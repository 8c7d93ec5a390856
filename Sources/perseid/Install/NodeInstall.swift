import Administration
import ArgumentParser
import BootMachine
import Foundation

struct NodeInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Has nodes put their capsule on their own disks at their next boot.",
        discussion: """
            ERASES what the node's disk layout says, once: from the node's report that it is done it boots from its \
            disk, and nothing is installed again until this is said again. Nothing is written before the layout was \
            found to fit. `perseid install status` shows how far they are, `perseid history` who asked for it.

            --then says what happens when everything is on the disk: reboot, shutdown, shell (on the console; the \
            machine restarts when it is left), kexec (straight into the installed kernel), or a program of the new \
            system by its whole path with its arguments, no shell between (at most 240 s; a status other than 0 \
            fails the install), after which the machine restarts. --break has the install stop before steps, with a \
            shell on the console, and go on when that is left; so does break=STEP in the kernel's arguments. The \
            steps are \(InstallStep.allCases.map(\.rawValue).joined(separator: ", ")).

            Examples:
              perseid node install n001 --yes
              perseid node install 'n[001-100]' --dry-run
              perseid node install n001 --yes --then kexec
              perseid node install n001 --yes --then '/usr/bin/systemctl enable ssh.service'
              perseid node install n001 --yes --break partition,loader
              perseid node install n001 --forget        boots from the network again; its disk is left alone
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false
    @Flag(help: "Show what would happen, and do nothing.")
    var dryRun = false
    @OptionGroup var wish: InstallWishOptions
    @Flag(help: "Take the nodes back to booting from the network.")
    var forget = false

    func run() async throws {
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        let session = try RegistrySession(state)
        let look = try await send(session, ChangeOptions(dryRun: true))
        for item in look.items { print(item.line) }
        guard !dryRun, look.count > 0 else { return look.report(dryRun: dryRun, items: false) }
        if !yes, !forget {
            guard isatty(STDIN_FILENO) == 1 else { throw ValidationError("it erases disks: say --yes") }
            print("Their disks will be ERASED at the next boot. Go on? [y/N] ", terminator: "")
            fflush(nil)
            guard ["y", "yes"].contains(readLine()?.lowercased()) else {
                throw CleanExit.message("nothing was changed")
            }
        }
        // What was shown is what is done: somebody else's change in between is a refusal.
        let what = forget ? "node install --forget" : "node install"
        try await send(session, ChangeOptions(revision: look.revision, lines: 0, what: what)).report(items: false)
    }

    private func send(_ session: RegistrySession, _ options: ChangeOptions) async throws -> ChangeResult {
        try await session.change(
            forget ? .delete : .post, "installs",
            InstallRequest(select: nodes.words, wishes: try wish.wishes, options: options))
    }
}
