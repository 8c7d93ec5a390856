import Administration
import ArgumentParser
import BootMachine
import BootProtocols
import Foundation
import PacketIO
import Registry
import RegistrySQLite

struct InstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Shows how far installs on nodes' disks are.",
        subcommands: [InstallStatusCommand.self])
}

struct InstallStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "For each node: asked for, there, and how far the install is.",
        discussion: """
            STEP is \(InstallStatus.allCases.map(\.rawValue).joined(separator: ", ")); then imaged, first boot, ready; \
            or failed, with the reason. RATE is of what is copied just now, AGE the time since the node was heard of.

            Example: perseid install status 'n[001-100]' --watch
            """)

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
            var table = TextTable(columns: [.left, .left, .left, .left, .right, .right, .right, .left])
            table.add(["NODE", "INSTALL", "ON DISK", "STEP", "%", "RATE", "AGE", "DETAIL"])
            var isMoving = false
            for record in records {
                guard let install = record.install else { continue }
                if install.isDue, record.state != .failed { isMoving = true }
                table.add(try line(of: record, install, registry, at: wallMilliseconds()))
            }
            print(records.isEmpty ? "no install was asked for\n" : table.text, terminator: "")
            guard watch, isMoving else { return }
            sleep(2)
            print()
        }
    }

    private func line(
        of record: NodeRecord, _ install: InstallState, _ registry: SQLiteStore, at now: Int64
    ) throws -> [String] {
        let asked = install.isDue ? "\(install.desired) asked for" : "\(install.achieved) done"
        let start = [record.node.name, asked, install.capsule ?? "-"]
        // What was before the order has nothing to do with it.
        guard let attempt = try registry.attempts(of: record.node.mac, limit: 1).first,
            let progress = InstallProgress(try registry.timeline(of: attempt.id).map(\.event)),
            progress.at >= install.requested
        else { return start + ["waits for its next boot", "", "", "", ""] }
        return start + [
            progress.step, progress.percent.map { "\($0)" } ?? "",
            progress.bytesPerSecond.map { "\(ByteCount.text($0))/s" } ?? "", Age.text(now - progress.at),
            String(progress.detail.prefix(progress.step == "failed" ? 1000 : 80)),
        ]
    }
}
