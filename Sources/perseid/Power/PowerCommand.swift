import Administration
import ArgumentParser
import Foundation
import Glibc
import NodeLists
import PowerControl

struct PowerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power", abstract: "Switches nodes on and off through their BMCs, by IPMI or Redfish.",
        discussion: """
            How a BMC is spoken to and its user are settings of nodes and groups; where it is, the node says, or its \
            machine has said to stage 1. Passwords are kept in files of the state that only the server's user can read, \
            and go to ipmitool and curl by environment and input, never as an argument.

            From nothing:
              perseid group set all --power ipmi --power-user admin
              perseid power secret all                      asks for the password, or reads it from a pipe
              perseid node set n001 --bmc 10.1.0.1          where the machine has not said it
              perseid power status 'n[001-016]'
            """,
        subcommands: [
            PowerOn.self, PowerOff.self, PowerCycle.self, PowerReset.self, PowerStatus.self, PowerSecretCommand.self,
        ])
}

/// Whom a power command changes, and how it goes through them.
struct PowerChange: ParsableArguments {
    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "Nodes at once, 1 to 128.")
    var wave = 16
    @Option(
        help: "Seconds between two waves; machines that start all at once draw more current than they ever do again.")
    var delay = 2.0
    @Flag(help: "Show which nodes are meant, and do nothing.")
    var dryRun = false
    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    func validate() throws {
        try PowerRun.check(wave: wave)
        guard (0...3600).contains(delay) else { throw ValidationError("0 to 3600 s lie between two waves") }
    }

    func make(_ action: PowerAction) async throws {
        try await PowerRun(
            state: state, nodes: nodes, action: action, wave: wave, delay: delay, dryRun: dryRun, yes: yes
        ).run()
    }
}

/// What all power commands do.
struct PowerRun {
    let state: StateOption
    let nodes: NodeSelection
    let action: PowerAction
    let wave: Int
    /// Seconds.
    let delay: Double
    var dryRun = false
    var yes = false

    static func check(wave: Int) throws {
        guard (1...PowerRequest.largestWave).contains(wave) else {
            throw ValidationError("a wave has 1 to \(PowerRequest.largestWave) nodes")
        }
    }

    func run() async throws {
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        let session = try RegistrySession(state)
        let names = try await session.table(nodes.words, columns: ["name"]).rows.compactMap(\.first)
        guard !names.isEmpty else { return print("no node is meant") }
        if dryRun { return print("\(action.rawValue): \(Self.folded(names))") }
        if names.count > 1, action != .status, !yes { try ask(names) }
        var failed = 0
        for start in stride(from: 0, to: names.count, by: wave) {
            if start > 0, delay > 0 { try await Task.sleep(for: .seconds(delay)) }
            let part = Array(names[start..<min(start + wave, names.count)])
            let reports = try await session.power(PowerRequest(select: part, action: action))
            failed += reports.count { $0.problem != nil }
            WideTable.write(reports.map { [$0.node, $0.result ?? "not done: \($0.problem ?? "")"] })
        }
        if failed > 0 { throw ExitCode(1) }
    }

    private func ask(_ names: [String]) throws {
        let question = "\(action.rawValue) \(names.count) nodes: \(Self.folded(names))"
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("\(question); say -y, or look first with --dry-run")
        }
        print("\(question)? [y/N] ", terminator: "")
        fflush(nil)
        guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw CleanExit.message("nothing was done") }
    }

    private static func folded(_ names: [String]) -> String { FoldedNames.words(of: names).joined(separator: " ") }
}
