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

            Examples:
              perseid node install n001 --yes
              perseid node install 'n[001-100]' --dry-run
              perseid node install n001 --forget        boots from the network again; its disk is left alone
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false
    @Flag(help: "Show what would happen, and do nothing.")
    var dryRun = false
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
        for record in records {
            if forget {
                print("\(record.node.name): boots from the network")
                continue
            }
            let capsule = groups.settings(of: record.node, server: service.server).capsule?.value
            let (layout, file) = try library.layout(of: record.node.name, capsule: capsule ?? "")
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
            pending + records.map { forget ? .forgetInstall($0.node.mac) : .askInstall($0.node.mac, at: now) })
    }
}

struct InstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Shows how far installs on nodes' disks are.",
        subcommands: [InstallStatus.self])
}

struct InstallStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "For each node: asked for, there, and the last step with its per cent.",
        discussion: "Example: perseid install status 'n[001-100]' --watch")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(help: "Show it again every two seconds, until all are done or failed.")
    var watch = false

    func run() throws {
        let state = try state.open()
        let registry = try state.openRegistry()
        let service = try RegistryService(in: state)
        while true {
            let records = try service.nodes(nodes.words).filter { $0.install != nil }
            var table = TextTable(columns: [.left, .left, .left, .left, .right, .left])
            table.add(["NODE", "INSTALL", "ON DISK", "STATE", "%", "LAST STEP"])
            var isMoving = false
            for record in records {
                guard let install = record.install else { continue }
                if install.isDue, record.state != .failed { isMoving = true }
                let (percent, step) = try last(of: record, registry)
                table.add([
                    record.node.name, install.isDue ? "\(install.desired) asked for" : "\(install.achieved) done",
                    install.capsule ?? "-", record.state.rawValue, percent, step,
                ])
            }
            print(records.isEmpty ? "no install was asked for\n" : table.text, terminator: "")
            guard watch, isMoving else { return }
            sleep(2)
        }
    }

    private func last(of record: NodeRecord, _ registry: SQLiteStore) throws -> (percent: String, step: String) {
        guard let attempt = try registry.attempts(of: record.node.mac, limit: 1).first else { return ("", "") }
        let events = try registry.timeline(of: attempt.id)
        let percent = events.last { $0.event.percent != nil }?.event.percent.map { "\($0)" } ?? ""
        return (percent, events.last.map { "\($0.event.kind.rawValue) \($0.event.detail.prefix(80))" } ?? "")
    }
}
