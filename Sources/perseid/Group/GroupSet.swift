import Administration
import ArgumentParser

struct GroupSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes settings of groups.",
        discussion: "Example: perseid group set gpu --capsule cuda@7 --inherits compute")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags
    @Option(help: "Groups whose settings it takes where it has none, between commas; those that come first win.")
    var inherits: String?
    @OptionGroup var settings: SettingOptions

    func run() async throws {
        let session = try RegistrySession(state)
        let values = (settings.fields + [("parents", inherits)]).present
        try await flags.carryOut("group set", "group") { options in
            try await session.change(
                .patch, "groups", ChangeRequest(select: groups.names, set: values, options: options))
        }
    }
}

struct GroupUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Takes settings of groups away.",
        discussion: "Example: perseid group unset gpu --fields capsule,parents")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags
    @Option(help: "Fields, between commas: capsule, provider, handoff, kernelArguments, console, parents, comment.")
    var fields: String

    func run() async throws {
        let session = try RegistrySession(state)
        let values = Dictionary(
            fields.split(separator: ",").map { (String($0), "") }, uniquingKeysWith: { first, _ in first })
        try await flags.carryOut("group unset", "group") { options in
            try await session.change(
                .patch, "groups", ChangeRequest(select: groups.names, set: values, options: options))
        }
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
            select: [group], set: ["name": name], options: ChangeOptions(what: "group rename"))
        _ = try await RegistrySession(state).change(.patch, "groups", request)
    }
}

struct GroupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes groups, and takes all nodes out of them.")

    @OptionGroup var state: StateOption
    @OptionGroup var groups: GroupSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        let session = try RegistrySession(state)
        try await flags.carryOut("group delete", "item") { options in
            try await session.change(.delete, "groups", ChangeRequest(select: groups.names, options: options))
        }
    }
}
