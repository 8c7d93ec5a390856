/// Whom a server's files for nodes are for: layouts, nodes' own files, node scripts. The nearest counts: node, groups,
/// base of the name, capsule, everybody.
public struct FileScopes: Hashable, Sendable {
    public var node: String
    /// Those that the node is in, the nearest first, without `all`.
    public var groups: [String]
    /// `compute`, whatever its generation or channel; empty: none.
    public var capsule: String

    /// - Parameter capsule: `compute`, `compute@12` or `compute:stable`.
    public init(node: String, groups: [String], capsule: String) {
        self.node = node
        self.groups = groups
        self.capsule = String(capsule.prefix { $0 != "@" && $0 != ":" })
    }

    /// The name without the digits at its end: `n` of `n001`.
    public var base: String {
        var base = Substring(node)
        while base.last?.isNumber == true { base.removeLast() }
        return String(base)
    }

    /// Where files lie, the nearest first: `node/n001`, `group/gpu`, `base/n`, `capsule/compute`.
    /// - Parameter everybody: the last one's name, `all` or `default`.
    public func places(everybody: String) -> [String] {
        ["node/\(node)"] + groups.map { "group/\($0)" } + (base.isEmpty ? [] : ["base/\(base)"])
            + (capsule.isEmpty ? [] : ["capsule/\(capsule)"]) + [everybody]
    }
}
