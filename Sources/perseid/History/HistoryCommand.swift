import Administration
import ArgumentParser
import Foundation
import PacketIO

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows who changed nodes and groups, when, and how.",
        discussion: """
            Examples:
              perseid history              the newest changes
              perseid history n001         what became of one node, value by value
              perseid history @gpu         of one group
              perseid history --change 17  all that one change did
            """)

    @OptionGroup var state: StateOption
    @Argument(
        help: "Names of nodes, or @GROUP.", completion: .custom { _, _, _ in NodeNames.all() })
    var subjects: [String] = []
    @Option(help: "Number of one change.")
    var change: Int64?
    @Option(help: "Most changes that are shown of each.")
    var limit = 20
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = try RegistrySession(state)
        var found: [HistoryResource] = []
        if let change {
            found = [try await session.get("history/\(change)")]
        } else {
            for subject in subjects.isEmpty ? [nil] : subjects.map(Optional.some) {
                let query = [(key: "limit", value: "\(limit)")] + (subject.map { [(key: "of", value: $0)] } ?? [])
                found += try await session.get("history", query: query, as: [HistoryResource].self)
            }
        }
        if output.isForPrograms { return try output.print(found) }
        var table = TextTable(columns: [.right, .left, .left, .left, .left])
        table.add(["CHANGE", "WHEN", "WHO", "BY", ""])
        for entry in found {
            let lines = entry.items.map(\.line)
            let when = Date(timeIntervalSince1970: Double(entry.at) / 1000).formatted(.iso8601)
            table.add(["\(entry.number)", when, entry.author, entry.what, lines.first ?? ""])
            for line in lines.dropFirst() { table.add(["", "", "", "", line]) }
        }
        print(table.text, terminator: "")
    }
}

struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Takes a change of nodes and groups back.",
        discussion: """
            Nothing that the change wrote may have been changed since. The undoing is a change itself, and can be undone.

            Examples:
              perseid undo              the newest change that somebody made
              perseid undo 17 --dry-run
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Number of the change, as `perseid history` has it. Without: the newest.")
    var change: Int64?
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        let session = try RegistrySession(state)
        let path = "history/\(change.map(String.init) ?? "newest")/undo"
        try await flags.carryOut("undo", "item", told: 20) { options in try await session.change(.post, path, options) }
    }
}
