import Administration
import ArgumentParser
import BootMachine
import Foundation
import NodeLists
import Registry

struct NodeList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists nodes and their states.",
        discussion: """
            The capsule is the one that a node gets, its own or that of a group or the server.

            Examples:
              perseid node list
              perseid node list state=failed 'rack1*' -o wide
              perseid node list --names state=ready       n[001-100,150], for pdsh, Slurm and the like
              perseid node list --columns name,serial,comment @gpu
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(help: "Names alone, folded into ranges.")
    var names = false
    @Option(help: "Columns, between commas, such as name,mac,uuid,effective.console.")
    var columns: String?
    @OptionGroup var output: OutputOptions

    private static let standard = ["name", "mac", "currentAddress", "state", "effective.capsule", "groups"]
    private static let wide =
        standard + ["effective.provider", "nextBoot", "desiredGeneration", "achievedGeneration", "tags", "comment"]

    func run() async throws {
        let session = try RegistrySession(state)
        if let form = output.form { return try await session.writeNodes(nodes.words, as: form) }
        if names {
            let rows = try await session.table(nodes.words, columns: ["name"]).rows
            return print(FoldedNames.words(of: rows.compactMap(\.first)).joined(separator: " "))
        }
        let columns =
            self.columns?.split(separator: ",").map(String.init) ?? (output.isWide ? Self.wide : Self.standard)
        let rows = try await session.table(nodes.words, columns: columns + ["enabled"])
        if rows.bytes.isEmpty {
            note(
                nodes.words.isEmpty
                    ? "there are no nodes yet: `perseid node add n001 --mac …`, or `perseid discover` for machines as "
                        + "they are switched on" : "no node is meant by that")
        }
        let mark = columns.firstIndex(of: "state").map { state in
            TabTable.Mark(column: state, text: ", disabled", condition: columns.count, value: "no")
        }
        let head = columns.map { $0.split(separator: ".").last.map(String.init) ?? $0 }.map(Self.heading)
        TabTable(rows.bytes, columns: columns.count + 1).write(headings: head, hidden: 1, mark: mark)
    }

    private static func heading(_ column: String) -> String {
        switch column {
        case "currentAddress": "ADDRESS"
        case "nextBoot": "NEXT BOOT"
        case "desiredGeneration": "DESIRED"
        case "achievedGeneration": "ACHIEVED"
        default: column.uppercased()
        }
    }
}

struct NodeShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows all that is known of nodes, a value a line.",
        discussion: """
            With --explain, where each value comes from: the node, a group, all nodes, the server.

            Example: perseid node show n001 --explain
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Flag(help: "Say where each value comes from.")
    var explain = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes") }
        let session = try RegistrySession(state)
        if let form = output.form { return try await session.writeNodes(nodes.words, as: form) }
        let found = try await session.nodes(nodes.words)
        for (index, node) in found.enumerated() {
            if index > 0 { print() }
            WideTable.write(lines(node))
        }
    }

    private func lines(_ node: NodeResource) -> [[String]] {
        var lines = [
            ["name", node.name, "the node"], ["mac", node.mac, "the node"], ["state", node.state, "its events"],
        ]
        if let address = node.currentAddress {
            lines.append(["currentAddress", address, node.fields["address"] == address ? "the node" : "its lease"])
        }
        for field in NodeField.allCases.map(\.rawValue) where field != "name" {
            if let effective = node.effective[field] {
                lines.append([field, effective.value, effective.from])
            } else if let value = node.fields[field] {
                lines.append([field, value, "the node"])
            }
        }
        lines += InventoryLines(node).lines
        lines.append(["version", "\(node.version)", "change \(node.version) of the history"])
        return explain ? lines : lines.map { Array($0.prefix(2)) }
    }
}

struct NodeStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says of nodes where they are on their way, since when, and what failed.",
        discussion: "Example: perseid node status state!=ready")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var output: OutputOptions

    func run() async throws { try await Self.show(nodes.words, state, output) }

    static func show(_ words: [String], _ state: StateOption, _ output: OutputOptions) async throws {
        let session = try RegistrySession(state)
        let query = words.map { (key: "select", value: $0) }
        let found = try await session.get("status", query: query, as: [StatusResource].self)
        if output.isForPrograms { return try output.print(found) }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let rows = found.map { status in
            [
                status.name, status.state.rawValue, status.lastSeen.map { Age.text(now - $0) } ?? "-",
                status.attempt.map(String.init) ?? "-", status.capsule ?? "-", status.detail ?? "",
            ]
        }
        WideTable.write([["NAME", "STATE", "SEEN", "ATTEMPT", "CAPSULE", "STEP"]] + rows)
    }
}

/// How long ago something was.
enum Age {
    /// `12 s`, `5 min`, `3 h`, `9 d`.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1000)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) d"
        }
    }
}

struct NodeSummary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Counts nodes by state, and names those of each.",
        discussion: "Example: perseid node summary capsule=compute@12")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection

    func run() async throws { try await Self.show(nodes.words, state) }

    static func show(_ words: [String], _ state: StateOption) async throws {
        let rows = try await RegistrySession(state).table(words, columns: ["name", "state"]).rows
        var table = TextTable(columns: [.left, .right, .left])
        table.add(["STATE", "NODES", "NAMES"])
        for state in NodeState.allCases {
            let names = rows.filter { $0.last == state.rawValue }.compactMap(\.first)
            guard !names.isEmpty else { continue }
            table.add([state.rawValue, "\(names.count)", FoldedNames.words(of: names).joined(separator: " ")])
        }
        table.add(["all", "\(rows.count)", ""])
        print(table.text, terminator: "")
    }
}
