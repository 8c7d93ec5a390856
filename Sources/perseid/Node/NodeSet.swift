import Administration
import ArgumentParser
import Registry

struct NodeSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes settings of nodes.",
        discussion: """
            A running server takes changes over at once; a node boots by them the next time. An empty text takes a value \
            away, as `perseid node unset` does.

            Examples:
              perseid node set 'n[001-100]' --capsule compute:stable
              perseid node set capsule=compute@11 --capsule compute@12 --dry-run
              perseid node set 'rack1*' --add-groups rack1 --console ttyS1,115200
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags
    @OptionGroup var settings: SettingOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var lists: ListOptions
    @Option(help: .hidden)
    var mac: String?

    func run() async throws {
        guard mac == nil else {
            throw ValidationError(
                "a node is known by its MAC address; `perseid node replace NODE MAC` gives it another")
        }
        guard !(settings.fields + identity.fields).present.isEmpty || !lists.added.isEmpty || !lists.removed.isEmpty
        else { throw ValidationError("nothing to set: say --capsule, --add-groups, or another of the options") }
        try await flags.carryOut(
            "node set", on: state,
            ChangeRequest(
                select: nodes.words, set: (settings.fields + identity.fields).present, add: lists.added,
                remove: lists.removed))
    }
}

struct NodeUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Takes settings of nodes away: their groups' count again, or the server's.",
        discussion: "Example: perseid node unset 'n[001-100]' --capsule --fields address,tags")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags
    @OptionGroup var settings: UnsetOptions

    func run() async throws {
        let values = try settings.values()
        try await flags.carryOut(
            "node unset", on: state,
            ChangeRequest(select: nodes.words, set: values))
    }
}

struct NodeEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Lets nodes boot from this server again.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        try await flags.carryOut(
            "node enable", on: state,
            ChangeRequest(select: nodes.words, set: ["enabled": "yes"]))
    }
}

struct NodeDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Has the server ignore nodes, with an event each time they ask.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        try await flags.carryOut(
            "node disable", on: state,
            ChangeRequest(select: nodes.words, set: ["enabled": "no"]))
    }
}

struct NodeApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Takes machines out of quarantine.",
        discussion: """
            Under `unknown: quarantine` a machine that nobody knows boots stage 1, says what it is, and waits for this.

            Examples:
              perseid node list approved=no
              perseid node approve unknown-525400123456 --name n001 --capsule compute:stable
              perseid node approve approved=no -y
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags
    @Option(help: "Its name from now on; for one node.")
    var name: String?
    @Option(help: "Its groups, between commas.")
    var groups: String?
    @Option(help: "What they boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?

    func run() async throws {
        let values = [("approved", "yes"), ("name", name), ("groups", groups), ("capsule", capsule)].present
        try await flags.carryOut(
            "node approve", on: state,
            ChangeRequest(select: nodes.words, set: values))
    }
}
