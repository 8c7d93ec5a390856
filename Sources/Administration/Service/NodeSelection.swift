import BootMachine
import BootProtocols
import NodeLists
import Registry

extension RegistryService {
    /// Those of `records` that `words` mean.
    func select(
        _ records: [NodeRecord], _ groups: GroupTree, _ words: [String]
    ) throws(AdminProblem) -> [NodeRecord] {
        // What most requests say; nothing is to be looked at.
        if words.isEmpty || words == ["*"] { return records }
        do throws(NodePatternError) {
            let selector = try NodeSelector(named(words, records))
            if let problem = unknown(selector, groups) { return try refuse(problem) }
            let missing = try selector.missing(among: Set(records.map(\.node.name)))
            guard missing.isEmpty else {
                let names = FoldedNames.words(of: missing).joined(separator: " ")
                return try refuse("there is no node \(names); `perseid node list` shows those that exist")
            }
            var selected: [NodeRecord] = []
            for record in records where try selector.selects(subject(record, groups)) { selected.append(record) }
            return selected
        } catch {
            guard case .unknownKey = error else { throw .badRequest("\(error)") }
            throw .badRequest("\(error); there are \(Self.keys.joined(separator: ", "))")
        }
    }

    /// The words with the names of nodes in place of their MAC addresses.
    private func named(_ words: [String], _ records: [NodeRecord]) -> [String] {
        guard words.contains(where: { $0.contains(":") }) else { return words }
        return words.map { word in
            guard let mac = MACAddress(word) else { return word }
            return records.first { $0.node.macs.contains(mac) }?.node.name ?? word
        }
    }

    /// What a selector names that cannot be: most likely a mistake.
    private func unknown(_ selector: NodeSelector, _ groups: GroupTree) -> String? {
        for case .group(let name) in selector.terms + selector.exclusions
        where groups[name] == nil && name != NodeGroup.everybody {
            return "there is no group `\(name)`; `perseid group list` shows those that exist"
        }
        let states = NodeState.allCases.map(\.rawValue)
        for condition in selector.conditions
        where condition.key == "state" && !states.contains(where: condition.value.matches) {
            return "no state is called so; there are \(states.joined(separator: ", "))"
        }
        return nil
    }

    private func refuse(_ text: String) throws(NodePatternError) -> [NodeRecord] { throw .noNodes(text) }

    /// What nodes can be selected by.
    static let keys = ["mac", "state", "group", "tag"] + NodeField.allCases.map(\.rawValue)

    /// The node as a selector sees it. Settings are those that it does by, wherever they are from.
    private func subject(_ record: NodeRecord, _ groups: GroupTree) -> NodeSelector.Subject {
        let node = record.node
        return NodeSelector.Subject(name: node.name, groups: groups.line(of: node.groups)) { key in
            switch key {
            case "mac": return node.macs.map(\.description)
            case "state": return [record.state.rawValue]
            case "group", "groups": return groups.line(of: node.groups)
            case "tag", "tags": return node.tags
            default:
                guard let field = NodeField(rawValue: key) else { return nil }
                guard NodeField.settings.contains(field) else { return node[field].map { [$0] } ?? [] }
                return groups.settings(of: node, server: server).text(of: field).map { [$0.value] } ?? []
            }
        }
    }
}
