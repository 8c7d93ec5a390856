import Administration
import BootHTTP
import CapsuleFormat
import CapsuleStore
import ControlPlane
import Registry

/// What scripts nodes run, out of a state directory.
struct NodeScriptList: Sendable {
    let state: StateDirectory
    let registry: RegistryService

    /// In the order in which they run, stage by stage.
    func scripts(of name: String) throws -> [ScriptResource] {
        let node = try registry.resource(of: name)
        let reference = node.effective["capsule"]?.value ?? ""
        var values = NodeFiles.Values(
            name: node.name, mac: node.mac, address: "", attempt: 0, server: "", capsule: reference, hosts: [])
        values.groups = try registry.groupLine(of: node.name)
        var found: [String: ScriptResource] = [:]
        for script in try capsuleScripts(reference) {
            let stage = script.stage.rawValue
            found["\(stage)/\(script.name)"] = ScriptResource(
                stage: stage, name: script.name, source: "the capsule")
        }
        for script in try state.nodeScripts.scripts(of: values) {
            let stage = script.stage.rawValue
            found["\(stage)/\(script.name)"] = ScriptResource(
                stage: stage, name: script.name,
                source: script.contents.isEmpty ? "switched off by \(script.source)" : script.source)
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private func capsuleScripts(_ reference: String) throws -> [NodeScript] {
        guard let reference = CapsuleReference(reference), let store = try? state.openCapsules(),
            let generation = try? store.resolve(reference)
        else { return [] }
        return try store.manifest(of: generation).settings?.scripts ?? []
    }
}
