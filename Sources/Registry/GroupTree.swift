/// All groups, and who inherits from whom.
///
/// A node's line is the order in which its groups are asked: each of its groups with what that inherits from, depth
/// first; a group that comes up several times stands where it comes up last, so that none stands before one that
/// inherits from it. `all` ends every line.
public struct GroupTree: Sendable {
    private let groups: [String: NodeGroup]
    /// Each group and what it inherits from, without `all`.
    private let lines: [String: [String]]
    private let hasRates: Bool

    /// A group that is not there inherits nothing, and a cycle is cut where it closes: what `check` refuses must not
    /// keep a node from booting if a database has it nevertheless.
    public init(_ groups: [NodeGroup] = []) {
        let byName = Dictionary(groups.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [String: [String]] = [:]
        for group in groups { Self.follow(group.name, byName, [], &lines) }
        self.groups = byName
        self.lines = lines
        hasRates = groups.contains { $0.settings.nodeRate != nil }
    }

    @discardableResult private static func follow(
        _ name: String, _ groups: [String: NodeGroup], _ above: Set<String>, _ lines: inout [String: [String]]
    ) -> [String] {
        if let line = lines[name] { return line }
        guard let group = groups[name], !above.contains(name), name != NodeGroup.everybody else { return [] }
        var line = [name]
        for parent in group.parents { line += follow(parent, groups, above.union([name]), &lines) }
        lines[name] = lastOfEach(line)
        return lastOfEach(line)
    }

    private static func lastOfEach(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.reversed().filter { seen.insert($0).inserted }.reversed()
    }

    public subscript(name: String) -> NodeGroup? { groups[name] }

    /// By name.
    public var all: [NodeGroup] { groups.values.sorted { $0.name < $1.name } }

    /// The groups that a node of `groups` is in, directly or by inheritance, in the order in which they are asked;
    /// `all` is last.
    public func line(of groups: [String]) -> [String] {
        if groups.isEmpty { return [NodeGroup.everybody] }
        if groups.count == 1, let line = lines[groups[0]] { return line + [NodeGroup.everybody] }
        return Self.lastOfEach(groups.flatMap { lines[$0] ?? [$0] }) + [NodeGroup.everybody]
    }

    /// What a node does by: its own settings, its groups' in their order, the server's.
    public func settings(of node: Node, server: NodeSettings) -> ResolvedSettings {
        var resolved = ResolvedSettings()
        resolved.fill(from: node.settings, .node)
        for name in line(of: node.groups) {
            if let group = groups[name] { resolved.fill(from: group.settings, .group(name)) }
        }
        resolved.fill(from: server, .server)
        return resolved
    }

    /// The `nodeRate` of the settings alone, which is asked for with each range of a capsule.
    public func nodeRate(of node: Node) -> Int64? {
        if let rate = node.settings.nodeRate { return rate }
        guard hasRates else { return nil }
        for name in line(of: node.groups) {
            if let rate = groups[name]?.settings.nodeRate { return rate }
        }
        return nil
    }

    /// Refuses a group that inherits from itself, from `all`, or from one that is not there.
    public static func check(_ groups: [NodeGroup]) throws(RegistryError) {
        let byName = Dictionary(groups.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for group in groups.sorted(by: { $0.name < $1.name }) {
            for parent in group.parents where byName[parent] == nil || parent == NodeGroup.everybody {
                throw .noSuchGroup(parent, wantedBy: "group \(group.name)")
            }
        }
        var done: Set<String> = []
        for group in groups.sorted(by: { $0.name < $1.name }) { try walk(group.name, [], byName, &done) }
    }

    private static func walk(
        _ name: String, _ path: [String], _ groups: [String: NodeGroup], _ done: inout Set<String>
    ) throws(RegistryError) {
        if let start = path.firstIndex(of: name) { throw .cycle(Array(path[start...]) + [name]) }
        guard done.insert(name).inserted || path.contains(name), let group = groups[name] else { return }
        for parent in group.parents { try walk(parent, path + [name], groups, &done) }
    }
}
