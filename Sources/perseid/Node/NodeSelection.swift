import ArgumentParser
import BootMachine
import BootProtocols
import NodeLists
import Registry

/// The argument that says which nodes a command means.
struct NodeSelection: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Which nodes: n001 n[001-100,150] rack1* state=failed; !n007 leaves one out.",
            valueName: "nodes"))
    var words: [String] = []

    /// The nodes that are meant, by name.
    /// - Parameter emptyMeansAll: what no words mean. A command that changes nodes wants words.
    func records(in registry: any Store, emptyMeansAll: Bool) throws -> [NodeRecord] {
        let selector: NodeSelector
        do {
            selector = try NodeSelector(words)
        } catch {
            throw ValidationError("\(error)")
        }
        guard emptyMeansAll || !selector.isEmpty else {
            throw ValidationError("say which nodes: names, n[001-100], rack1*, state=failed, or '*' for all")
        }
        return try registry.nodes().selected(by: selector)
    }
}

extension [NodeRecord] {
    /// Those that `selector` means.
    /// - Throws: where it names a node that is not there, or selects by what nodes do not have.
    func selected(by selector: NodeSelector) throws -> [NodeRecord] {
        do {
            let missing = try selector.missing(among: Set(map(\.node.name)))
            guard missing.isEmpty else {
                let words = FoldedNames.words(of: missing).joined(separator: " ")
                throw ValidationError("there is no node \(words); `perseid node list` shows those that exist")
            }
            return try filter { try selector.selects($0.subject) }
        } catch let error as NodePatternError {
            guard case .unknownKey = error else { throw ValidationError("\(error)") }
            throw ValidationError("\(error); there are \(NodeRecord.keys.joined(separator: ", "))")
        }
    }
}

extension NodeRecord {
    /// What nodes can be selected by.
    static let keys = ["name", "mac", "state", "capsule", "handoff", "enabled", "approved"]

    /// The node as a selector sees it.
    var subject: NodeSelector.Subject {
        NodeSelector.Subject(name: node.name, groups: []) { key in
            switch key {
            case "name": [node.name]
            case "mac": [node.mac.description]
            case "state": [state.rawValue]
            case "capsule": node.capsule.map { [$0] } ?? []
            case "handoff": node.handoff.map { [$0.rawValue] } ?? []
            case "enabled": [node.enabled ? "yes" : "no"]
            case "approved": [node.approved ? "yes" : "no"]
            default: nil
            }
        }
    }
}
