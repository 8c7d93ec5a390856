import Administration
import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Adds, lists, changes and removes nodes.",
        discussion: """
            Commands that change several nodes take words such as n001 n[001-100,150] rack1* @gpu state=failed !n007. \
            Names and groups add up, words with ! before them leave out, and all conditions must hold; quote what the \
            shell would expand. The running server answers, and takes changes over at once; without one the registry \
            itself is read and changed.
            """,
        subcommands: [
            NodeAdd.self, NodeList.self, NodeShow.self, NodeStatus.self, NodeSummary.self, NodeSet.self,
            NodeUnset.self, NodeEnable.self, NodeDisable.self, NodeApprove.self, NodeInstall.self, NodeRename.self,
            NodeReplace.self, NodeDelete.self, NodeImport.self, NodeDefine.self, NodeExportCommand.self,
        ])
}

struct NodeAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a node, or changes the one that has this name and MAC address.",
        discussion: """
            Examples:
              perseid node add n001 --mac 52:54:00:12:34:56 --capsule compute:stable
              perseid node add n002 --mac 52:54:00:12:34:57 --groups gpu,rack1 --address 10.0.0.2
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Its name: a host name label such as n001.")
    var name: String
    @Option(help: "MAC address of the interface that it boots from.")
    var mac: String
    @OptionGroup var settings: SettingOptions
    @OptionGroup var identity: IdentityOptions

    func run() async throws {
        let session = try RegistrySession(state)
        let fields = (settings.fields + identity.fields).present
        let draft = NodeDraft(name: name, mac: mac, fields: fields)
        let options = ChangeOptions(lines: 0, what: "node add")
        let added = try await session.change(.post, "nodes", AddRequest([draft], keepExisting: true, options: options))
        guard added.count == 0, !fields.isEmpty else { return added.report("node", "added") }
        let request = ChangeRequest(select: [name], set: fields, options: options)
        try await session.change(.patch, "nodes", request).report()
    }
}
