import Administration
import ArgumentParser
import Foundation
import Glibc
import NodeLists
import PacketIO

struct DiscoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover", abstract: "Shows machines that nobody knows as they appear, and gives them names.",
        discussion: """
            Under `unknown: quarantine` a machine that is in no list boots stage 1, says what it is made of, and waits. \
            Here they appear in the order in which they were switched on. With --names they get these names in that \
            order, and boot; switch the machines on one after the other, in the order of the rack. With --ask each is \
            shown and its name asked for; Return takes the next of --names, - leaves it waiting. Under `unknown: \
            register` machines get names by themselves, and none waits.

            Examples:
              perseid discover                              until Ctrl-C
              perseid discover --once --json
              perseid discover --names 'n[001-016]' --groups rack1,compute
              perseid discover --ask --names 'n[001-016]'
            """)

    @OptionGroup var state: StateOption
    @Option(help: "Names to give in order of arrival, such as n[001-016].")
    var names: String?
    @Flag(help: "Ask for each machine's name.")
    var ask = false
    @Option(help: "Groups of those that get names, between commas.")
    var groups: String?
    @Option(help: "What they boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?
    @Flag(help: "Do with those that wait now, and end.")
    var once = false
    @Flag(help: "With --names, show who would get which name, and change nothing.")
    var dryRun = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard names != nil || ask || (groups == nil && capsule == nil && !dryRun) else {
            throw ValidationError("--groups, --capsule and --dry-run go with --names or --ask")
        }
        guard !ask || isatty(STDIN_FILENO) == 1 else { throw ValidationError("--ask needs a terminal") }
        _ = try wanted()
    }

    private func wanted() throws -> [String] {
        guard let names else { return [] }
        return try names.split(whereSeparator: { $0 == " " }).flatMap { word in
            let pattern = try NodePattern(word)
            guard !pattern.hasWildcards else {
                throw ValidationError("`\(word)` stands for no names: write n[001-016]")
            }
            return try pattern.names()
        }
    }

    func run() async throws {
        var board = DiscoveryBoard(names: try await free(wanted()))
        if names != nil, board.names.isEmpty { return print("all of these names are taken") }
        while true {
            let found = try await RegistrySession(state).get("discovery", as: [DiscoveryResource].self)
            if output.isForPrograms, once || names == nil, !ask { return try output.print(found) }
            for line in board.update(found, at: wallMilliseconds()) { print(line) }
            if ask { try await askAll(&board) } else if names != nil { try await assignAll(&board) }
            fflush(nil)
            let isDone = names != nil && board.names.isEmpty
            if found.isEmpty, once || dryRun {
                note(
                    "no machine waits: switch one on, on a network that `perseid serve` serves with unknown: quarantine"
                )
            }
            if once || isDone || dryRun { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Names that no node has: a command that was stopped goes on where it was.
    private func free(_ names: [String]) async throws -> [String] {
        guard !names.isEmpty else { return [] }
        let taken = Set(try await RegistrySession(state).table([], columns: ["name"]).rows.compactMap(\.first))
        return names.filter { !taken.contains($0) }
    }

    private func assignAll(_ board: inout DiscoveryBoard) async throws {
        let pairs = board.takeNames()
        guard !pairs.isEmpty else { return }
        for (machine, name) in pairs { print("\(machine.mac)  \(dryRun ? "would be" : "is") \(name)") }
        try await assign(pairs.map { .init(mac: $0.mac, name: $1) })
    }

    private func askAll(_ board: inout DiscoveryBoard) async throws {
        while let machine = board.nextToAsk() {
            let proposed = board.names.first
            print("name\(proposed.map { " [\($0)]" } ?? ""), - to leave it: ", terminator: "")
            fflush(nil)
            guard let line = readLine() else { throw CleanExit.message("") }
            let answer = line.trimmingCharacters(in: .whitespaces)
            guard answer != "-", let name = answer.isEmpty ? proposed : answer else { continue }
            do {
                try await assign([.init(mac: machine.mac, name: name)])
                board.give(name)
            } catch {
                print("\(error)")
                board.askAgain(machine.mac)
            }
        }
    }

    private func assign(_ pairs: [AssignRequest.Assignment]) async throws {
        let values = [("groups", groups), ("capsule", capsule)].present
        let options = ChangeOptions(dryRun: dryRun, lines: 0, what: "discover")
        _ = try await RegistrySession(state).change(
            .post, "discovery", AssignRequest(pairs, set: values, options: options))
    }
}
