import BootProtocols
import Registry

/// The edits that take a change back.
struct ChangeReversal {
    private let change: RecordedChange
    private let nodes: [MACAddress: Node]
    private let groups: GroupTree

    init(_ change: RecordedChange, nodes: [Node], groups: GroupTree) {
        self.change = change
        self.nodes = Dictionary(nodes.map { ($0.mac, $0) }, uniquingKeysWith: { first, _ in first })
        self.groups = groups
    }

    /// - Throws: where something of it was changed again, all of that in one text.
    func edits() throws(AdminProblem) -> [RegistryEdit] {
        var edits: [RegistryEdit] = []
        var later: [String] = []
        // What was added goes first: its names and addresses may belong to what returns.
        let items = change.items.sorted { $0.kind == .added && $1.kind != .added }
        if let item = items.first(where: { $0.fields[InstallDecision.field] != nil }) {
            throw .conflict(
                "change \(change.number) is about what is on disks, \(item.name)'s among others: that is not undone. "
                    + "`perseid node install \(item.name) --forget` takes an install back that is still to come, "
                    + "`perseid node install \(item.name)` asks for one")
        }
        for item in items {
            do throws(InvalidValue) {
                switch item.subject {
                case .node(let mac): edits += try node(item, mac, nodes[mac], &later)
                case .group(let name): edits += try group(item, name, &later)
                }
            } catch {
                throw .failed("change \(change.number) cannot be undone: \(item.name): \(error)")
            }
        }
        guard later.isEmpty else {
            throw .conflict(
                "change \(change.number) cannot be undone, for these were changed again since: "
                    + later.prefix(20).joined(separator: ", ") + (later.count > 20 ? " …" : ""))
        }
        return edits
    }

    private func node(
        _ item: RecordedEdit, _ mac: MACAddress, _ now: Node?, _ later: inout [String]
    ) throws(InvalidValue) -> [RegistryEdit] {
        guard (now == nil) == (item.kind == .removed), now.map({ $0.version == change.number }) ?? true else {
            later.append(item.name)
            return []
        }
        guard item.kind != .added else { return [.node(from: now, to: nil)] }
        var old = now ?? Node(mac: mac, name: item.name)
        for (key, value) in item.fields {
            if let field = NodeField(rawValue: key) { try old.set(field, to: value.before) }
        }
        return [.node(from: now, to: old)]
    }

    private func group(
        _ item: RecordedEdit, _ name: String, _ later: inout [String]
    ) throws(InvalidValue) -> [RegistryEdit] {
        let now = groups[item.fields["name"]?.after ?? name]
        guard (now == nil) == (item.kind == .removed), now.map({ $0.version == change.number }) ?? true else {
            later.append("group \(item.name)")
            return []
        }
        guard item.kind != .added else { return [.group(from: now, to: nil)] }
        var old = now ?? NodeGroup(name: name)
        for (key, value) in item.fields {
            if let field = NodeGroup.Field(rawValue: key) { try old.set(field, to: value.before) }
        }
        return [.group(from: now, to: old)]
    }
}
