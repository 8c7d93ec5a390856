import ArgumentParser
import BootMachine
import BootProtocols
import Foundation
import NodeLists
import Registry
import RegistrySQLite

struct NodeList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists nodes and their states.",
        discussion: """
            Examples:
              perseid node list
              perseid node list state=failed 'rack1*'
              perseid node list --names state=ready       n[001-100,150], for pdsh, Slurm and the like
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(help: "Names alone, folded into ranges.")
    var names = false
    @Flag(help: "For programs.")
    var json = false

    func run() throws {
        let records = try nodes.records(in: state.open().openRegistry(), emptyMeansAll: true)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(records.map { Document($0) }), as: UTF8.self))
        } else if names {
            print(FoldedNames.words(of: records.map(\.node.name)).joined(separator: " "))
        } else {
            print(Self.table(records), terminator: "")
        }
    }

    private static func table(_ records: [NodeRecord]) -> String {
        var table = TextTable(columns: [.left, .left, .left, .left])
        table.add(["NAME", "MAC", "STATE", "CAPSULE"])
        for record in records {
            let node = record.node
            let state = node.enabled ? record.state.rawValue : "\(record.state.rawValue), disabled"
            table.add([node.name, node.mac.description, state, node.capsule ?? "-"])
        }
        return table.text
    }

    /// A node as programs read it.
    private struct Document: Encodable {
        let node: Node
        let state: NodeState

        init(_ record: NodeRecord) {
            node = record.node
            state = record.state
        }

        private enum Keys: CodingKey { case state }

        func encode(to encoder: any Encoder) throws {
            try node.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(state, forKey: .state)
        }
    }
}

struct NodeSummary: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Counts nodes by state, and names those of each.",
        discussion: "Example: perseid node summary capsule=compute@12")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection

    func run() throws {
        let records = try nodes.records(in: state.open().openRegistry(), emptyMeansAll: true)
        var table = TextTable(columns: [.left, .right, .left])
        table.add(["STATE", "NODES", "NAMES"])
        for state in NodeState.allCases {
            let names = records.filter { $0.state == state }.map(\.node.name)
            guard !names.isEmpty else { continue }
            table.add([state.rawValue, "\(names.count)", FoldedNames.words(of: names).joined(separator: " ")])
        }
        table.add(["all", "\(records.count)", ""])
        print(table.text, terminator: "")
    }
}

struct NodeDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes nodes. Their timelines stay.",
        discussion: "Example: perseid node delete 'n[090-099]' --dry-run")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit

    func run() throws {
        let registry = try state.open().openRegistry()
        let records = try nodes.records(in: registry, emptyMeansAll: false)
        try edit.carryOut(
            records.map { .removeNode($0.node.mac) }, records.map { "\($0.node.name): removed, \($0.node.mac)" },
            on: records.count, in: registry)
    }
}
