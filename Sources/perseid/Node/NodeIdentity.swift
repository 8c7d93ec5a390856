import Administration
import ArgumentParser
import Registry

struct NodeRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a node another name.",
        discussion: "Example: perseid node rename n001 login")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the node.", completion: .custom { _, _, _ in NodeNames.all() })
    var node: String
    @Argument(help: "Its name from now on.")
    var name: String

    func run() async throws {
        let options = ChangeOptions(lines: 0, what: "node rename")
        let request = ChangeRequest(select: [node], set: ["name": name], options: options)
        try await RegistrySession(state).change(.patch, "nodes", request).report()
    }
}

struct NodeReplace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Gives a node's name and settings to another machine.",
        discussion: """
            For a new mainboard or network card: the machine with the new MAC address is the node from now on. If it is \
            in quarantine, it leaves that. The old MAC address is unknown afterwards; its \
            timelines stay.

            Example: perseid node replace n001 52:54:00:65:43:21
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.", completion: .custom { _, _, _ in NodeNames.all() })
    var node: String
    @Argument(help: "MAC address of the machine that takes its place.")
    var mac: String

    func run() async throws {
        let body = ReplaceRequest(mac: mac, options: ChangeOptions(lines: 0, what: "node replace"))
        try await RegistrySession(state).change(.post, "nodes/\(node)/replace", body).report()
    }
}

struct NodeDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes nodes. Their timelines stay, and `perseid undo` brings them back.",
        discussion: "Example: perseid node delete 'n[090-099]' --dry-run")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        try await flags.carryOut(
            "node delete", method: .delete, on: state,
            ChangeRequest(select: nodes.words))
    }
}
