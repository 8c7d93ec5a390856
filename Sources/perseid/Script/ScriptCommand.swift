import Administration
import ArgumentParser
import ControlPlane
import Foundation

struct ScriptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Shows the scripts that nodes run.",
        discussion: """
            Scripts come with a capsule (`scripts` of capsule.yaml), or lie in the state as \
            nodescripts/STAGE/SCOPE/NAME. STAGE is handoff (in the finished root, before its init) or ready (in the \
            started system, before the node is called ready); of an install also pre-install (beside the install \
            tools, before anything is written) and post-install (in the new root, before it is unmounted); of `perseid update` pre-update and post-update (in \
            the system that runs). SCOPE is \
            all, capsule/NAME, base/NAME (nodes whose name begins so and goes on with digits), group/NAME or \
            node/NAME, and of scripts with one name the nearest counts. Names are 1 to 64 of a-z, 0-9, - and _, and order them: \
            10-network, 20-mounts. An empty file switches one off. A node runs each for at most 240 s, as root and \
            with PERSEID_NODE, PERSEID_CAPSULE and PERSEID_STAGE; output and status are events of its timeline.
            """,
        subcommands: [ScriptList.self])
}

struct ScriptList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what a node would run at its next boot, and where each script is from.",
        discussion: "Example: perseid script list n001")

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.", completion: .custom { _, _, _ in NodeNames.all() })
    var node: String

    func run() async throws {
        let scripts: [ScriptResource]
        let daemon = state.daemon()
        if daemon.isListening {
            let name = node.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? node
            scripts = try await daemon.get("/api/v1/scripts/\(name)", as: [ScriptResource].self)
        } else {
            let state = try self.state.open()
            scripts = try NodeScriptList(state: state, registry: try RegistryService(in: state)).scripts(of: node)
        }
        guard !scripts.isEmpty else { return print("\(node) runs no scripts") }
        WideTable.write([["STAGE", "NAME", "FROM"]] + scripts.map { [$0.stage, $0.name, $0.source] })
    }
}
