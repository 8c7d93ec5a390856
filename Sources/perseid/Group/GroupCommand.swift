import Administration
import ArgumentParser
import Foundation
import NodeLists
import Registry

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Adds, lists, changes and removes groups of nodes, which have settings.",
        discussion: """
            A node takes what it does not say itself from its groups, in their order, each with the groups that it \
            inherits from; then from `all`, the group that every node is in; then from the server's settings. \
            `perseid node show NODE --explain` says where each value is from. Which nodes are in a group, the nodes say: \
            `perseid node set NODES --add-groups gpu`; `@gpu` selects them.

            Example:
              perseid group add gpu --inherits compute --capsule cuda:stable
              perseid group set all --console ttyS0,115200
            """,
        subcommands: [
            GroupAdd.self, GroupList.self, GroupShow.self, GroupStatus.self, GroupSummary.self, GroupSet.self,
            GroupUnset.self, GroupRename.self, GroupDelete.self, GroupNodes.self,
        ])
}

struct GroupAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a group.",
        discussion: "Example: perseid group add gpu --inherits compute --capsule cuda:stable")

    @OptionGroup var state: StateOption
    @Argument(help: "Its name: as a node's.")
    var name: String
    @OptionGroup var settings: GroupOptions

    func run() async throws {
        let draft = GroupDraft(name: name, fields: settings.fields.present)
        let request = AddRequest([draft], options: ChangeOptions(lines: 0, what: "group add"))
        try await RegistrySession(state).change(.post, "groups", request).report("group")
    }
}

/// The argument that says which groups a command means.
struct GroupSelection: ParsableArguments {
    @Argument(
        help: "Names of groups.",
        completion: .custom { _, _, _ in NodeNames.all().filter { $0.hasPrefix("@") }.map { String($0.dropFirst()) } })
    var names: [String] = []

    /// Those groups; all if none is named.
    func found(_ state: StateOption) async throws -> [GroupResource] {
        try await RegistrySession(state).get("groups", query: names.map { (key: "name", value: $0) })
    }
}

struct GroupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists groups.")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await groups.found(state)
        if output.isForPrograms { return try output.print(found) }
        let rows = found.map { group in
            [
                group.name, "\(group.nodes)", "\(group.inheriting)", group.fields["parents"] ?? "",
                group.fields["capsule"] ?? "", group.fields["provider"] ?? "", group.fields["comment"] ?? "",
            ]
        }
        WideTable.write([["NAME", "NODES", "BY INHERITANCE", "INHERITS", "CAPSULE", "PROVIDER", "COMMENT"]] + rows)
    }
}

struct GroupShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows all that groups say, a value a line.")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found = try await groups.found(state)
        if output.isForPrograms { return try output.print(found) }
        for (index, group) in found.enumerated() {
            if index > 0 { print() }
            WideTable.write(
                [["name", group.name]]
                    + NodeGroup.Field.allCases.compactMap { field in
                        group.fields[field.rawValue].map { [field.rawValue, $0] }
                    }
                    + [["nodes", "\(group.nodes)"], ["by inheritance", "\(group.inheriting)"]])
        }
    }
}

struct GroupNodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "Names the nodes of a group, folded into ranges.",
        discussion: "Those that are in it by way of a group that inherits from it count too.")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the group.")
    var name: String

    func run() async throws {
        let rows = try await RegistrySession(state).table(["@\(name)"], columns: ["name"]).rows
        print(FoldedNames.words(of: rows.compactMap(\.first)).joined(separator: " "))
    }
}

struct GroupStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says of a group's nodes where they are on their way.")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the group.")
    var name: String
    @OptionGroup var output: OutputOptions

    func run() async throws { try await NodeStatus.show(["@\(name)"], state, output) }
}

struct GroupSummary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Counts a group's nodes by state, and names those of each.")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the group.")
    var name: String

    func run() async throws { try await NodeSummary.show(["@\(name)"], state) }
}
