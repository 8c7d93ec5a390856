import GRDB
import Registry

extension Database {
    /// Refuses what edits of two admins, each well by itself, would make together: groups in a circle, a node or group in
    /// one that is gone. To be called in the transaction of the edits, after them.
    func requireGroups(after edits: [RegistryEdit]) throws {
        var removed: Set<String> = []
        var joined: [String: String] = [:]
        var touchesGroups = false
        for edit in edits {
            switch edit {
            case .group(let before, _):
                touchesGroups = true
                if let before { removed.insert(before.name) }
            case .node(let before, let after):
                guard let after, after.groups != before?.groups else { continue }
                for name in after.groups where before?.groups.contains(name) != true { joined[name] = after.name }
            case .install: continue
            }
        }
        guard touchesGroups || !joined.isEmpty else { return }
        let groups = try groups()
        if touchesGroups { try GroupTree.check(groups) }
        let names = Set(groups.map(\.name))
        for (name, node) in joined where !names.contains(name) {
            throw RegistryError.noSuchGroup(name, wantedBy: node)
        }
        for name in removed.subtracting(names) {
            let sql = "SELECT name FROM nodes WHERE instr(',' || groups || ',', ?) > 0 LIMIT 1"
            if let node = try String.fetchOne(self, sql: sql, arguments: [",\(name),"]) {
                throw RegistryError.changedMeanwhile(node)
            }
        }
    }
}
