import Administration
import ArgumentParser
import BootHTTP
import CapsuleFormat
import CapsuleStore
import Foundation
import Registry

struct ScriptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script", abstract: "Shows the scripts that nodes run.",
        discussion: """
            Scripts come with a capsule (`scripts` of capsule.yaml), or lie in the state as \
            nodescripts/STAGE/SCOPE/NAME. STAGE is handoff (in the finished root, before its init) or ready (in the \
            started system, before the node is called ready); of an install also pre-install (beside the install \
            tools, before anything is written) and post-install (in the new root, before it is unmounted). SCOPE is \
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
        let state = try self.state.open()
        let found = try await RegistrySession(self.state).node(node)
        let groups = try await RegistrySession(self.state).line(of: found)
        let reference = found.effective["capsule"]?.value ?? ""
        var values = NodeFiles.Values(
            name: found.name, mac: found.mac, address: "", attempt: 0, server: "", capsule: reference, hosts: [])
        // `all` is everybody's, and no group of theirs.
        values.groups = Array(groups.dropLast())
        var rows: [String: [String]] = [:]
        for script in try capsuleScripts(reference, state) {
            rows["\(script.stage.rawValue)/\(script.name)"] = [script.stage.rawValue, script.name, "the capsule"]
        }
        for script in try state.nodeScripts.scripts(of: values) {
            let source = script.contents.isEmpty ? "switched off by \(script.source)" : script.source
            rows["\(script.stage.rawValue)/\(script.name)"] = [script.stage.rawValue, script.name, source]
        }
        guard !rows.isEmpty else { return print("\(found.name) runs no scripts") }
        WideTable.write([["STAGE", "NAME", "FROM"]] + rows.sorted { $0.key < $1.key }.map(\.value))
    }

    private func capsuleScripts(_ reference: String, _ state: StateDirectory) throws -> [NodeScript] {
        guard let reference = CapsuleReference(reference), let store = try? state.openCapsules(),
            let generation = try? store.resolve(reference)
        else { return [] }
        return try store.manifest(of: generation).settings?.scripts ?? []
    }
}
