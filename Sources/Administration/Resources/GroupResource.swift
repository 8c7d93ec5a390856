import Registry

/// A group: `/api/v1/groups`.
public struct GroupResource: Codable, Hashable, Sendable {
    public var name: String
    public var version: Int64
    /// By the names of `NodeGroup.Field`, as text.
    public var fields: [String: String]
    /// Nodes that are in it by their own word, and those that are by way of a group that inherits from it.
    public var nodes: Int
    public var inheriting: Int

    init(_ group: NodeGroup, nodes: Int, inheriting: Int) {
        name = group.name
        version = group.version
        fields = [:]
        for field in NodeGroup.Field.allCases where field != .name { fields[field.rawValue] = group[field] }
        self.nodes = nodes
        self.inheriting = inheriting
    }
}

/// A new group: `POST /api/v1/groups`.
public struct GroupDraft: Codable, Hashable, Sendable {
    public var name: String
    public var fields: [String: String]

    public init(name: String, fields: [String: String] = [:]) {
        self.name = name
        self.fields = fields
    }
}
