import Administration
import ArgumentParser
import BootMachine
import BootProtocols
import Foundation
import LayoutFiles
import PacketIO
import Registry
import RegistrySQLite

struct NodeInstall: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Has nodes put their capsule on their own disks at their next boot.",
        discussion: """
            ERASES what the node's disk layout says, once: from the node's report that it is done it boots from its \
            disk, and nothing is installed again until this is said again. Nothing is written before the layout was \
            found to fit. `perseid install status` shows how far they are.

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

    func run() throws {
        let state = try state.open()
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        let registry = try state.openRegistry()
        let service = try RegistryService(in: state)
        let records = try service.nodes(nodes.words)
        let groups = GroupTree(try registry.groups())
        let library = LayoutLibrary(directory: state.layouts)
        let wishes = try wish.wishes
        for record in records {
            if forget {
                print("\(record.node.name): boots from the network")
                continue
            }
            let capsule = groups.settings(of: record.node, server: service.server).capsule?.value
            // `all` is everybody's, and no group of theirs.
            let line = Array(groups.line(of: record.node.groups).dropLast())
            let (layout, file) = try library.layout(of: record.node.name, groups: line, capsule: capsule ?? "")
            let before = record.install?.isDone == true ? " in the place of \(record.install?.capsule ?? "?")" : ""
            print(
                "\(record.node.name): \(capsule ?? "the server's capsule")\(before), by \(file): \(layout.summary)"
            )
        }
        guard !dryRun else { return }
        if !yes, !forget {
            guard isatty(STDIN_FILENO) == 1 else { throw ValidationError("it erases disks: say --yes") }
            print("Their disks will be ERASED at the next boot. Go on? [y/N] ", terminator: "")
            guard readLine()?.lowercased() == "y" else { throw ExitCode(1) }
        }
        let now = wallMilliseconds()
        // Both take back what `boot set … install` says: forgotten it is not asked for, and asked for not twice.
        let pending = records.map { Change.useUp(NextBoot(.install, .once), of: $0.node.mac) }
        try registry.write(
            pending + records.map { forget ? .forgetInstall($0.node.mac) : .askInstall($0.node.mac, at: now, wishes) })
    }
}
