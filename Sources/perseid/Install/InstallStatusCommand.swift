import Administration
import ArgumentParser
import BootMachine
import Foundation
import PacketIO

struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Shows how far installs on nodes' disks are.",
        discussion: "`perseid node install` asks for them.", subcommands: [InstallStatusCommand.self])
}

struct InstallStatusCommand: AsyncParsableCommand {
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
    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let session = try RegistrySession(state)
        let query = nodes.words.map { (key: "select", value: $0) }
        while true {
            let bytes = try await session.send(.get, "installs", query: query)
            let installs = try JSONDecoder().decode([InstallResource].self, from: Data(bytes))
            if json {
                FileHandle.standardOutput.write(Data(bytes + [UInt8(ascii: "\n")]))
            } else {
                show(installs)
            }
            guard watch, installs.contains(where: { $0.isDue && $0.state != .failed }) else { return }
            try await Task.sleep(for: .seconds(2))
            if !json { print() }
        }
    }

    private func show(_ installs: [InstallResource]) {
        var table = TextTable(columns: [.left, .left, .left, .left, .right, .right, .right, .left])
        table.add(["NODE", "INSTALL", "ON DISK", "STEP", "%", "RATE", "AGE", "DETAIL"])
        for install in installs { table.add(line(of: install, at: wallMilliseconds())) }
        print(installs.isEmpty ? "no install was asked for\n" : table.text, terminator: "")
    }

    private func line(of install: InstallResource, at now: Int64) -> [String] {
        let asked = install.isDue ? "\(install.desired) asked for" : "\(install.achieved) done"
        let start = [install.node, asked, install.capsule ?? "-"]
        guard let progress = install.progress else { return start + ["waits for its next boot", "", "", "", ""] }
        return start + [
            progress.step, progress.percent.map { "\($0)" } ?? "",
            progress.bytesPerSecond.map { "\(ByteCount.text($0))/s" } ?? "", Age.text(now - progress.at),
            String(progress.detail.prefix(progress.step == "failed" ? 1000 : 80)),
        ]
    }
}
