/// A named set of nodes with settings. Which nodes are in it, the nodes say.
public struct NodeGroup: Codable, Hashable, Sendable {
    /// As a node's name; `all` is the group that every node is in, after all others.
    public var name: String
    /// Groups whose settings it takes where it has none; those that come first win.
    public var parents: [String]
    public var settings: NodeSettings
    public var comment: String?
    /// The number of the change that wrote it last; the store sets it.
    public var version: Int64 = 0

    /// The group of all nodes.
    public static let everybody = "all"

    public init(
        name: String, parents: [String] = [], settings: NodeSettings = NodeSettings(), comment: String? = nil
    ) {
        self.name = name
        self.parents = parents
        self.settings = settings
        self.comment = comment
    }
}
