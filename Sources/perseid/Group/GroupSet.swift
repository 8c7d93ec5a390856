import Administration
import ArgumentParser

struct GroupSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes settings of groups.",
        discussion: "Example: perseid group set gpu --capsule cuda@7 --inherits compute")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags
    @OptionGroup var settings: GroupOptions

    func run() async throws {
        let values = settings.fields.present
        try await flags.carryOut(
            "group set", "group", of: "groups", on: state,
            ChangeRequest(select: groups.names, set: values))
    }
}

struct GroupUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Takes settings of groups away.",
        discussion: "Example: perseid group unset gpu --capsule --fields parents")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags
    @OptionGroup var settings: UnsetOptions

    func run() async throws {
        let values = try settings.values()
        try await flags.carryOut(
            "group unset", "group", of: "groups", on: state,
            ChangeRequest(select: groups.names, set: values))
    }
}

struct GroupRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a group another name, wherever it is named.")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the group.")
    var group: String
    @Argument(help: "Its name from now on.")
    var name: String

    func run() async throws {
        let request = ChangeRequest(
            select: [group], set: ["name": name], options: ChangeOptions(lines: 0, what: "group rename"))
        try await RegistrySession(state).change(.patch, "groups", request).report("item")
    }
}

struct GroupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes groups, and takes all nodes out of them.")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        try await flags.carryOut(
            "group delete", "item", method: .delete, of: "groups", on: state,
            ChangeRequest(select: groups.names))
    }
}
