public import BootProtocols

/// What other programs are told of a node.
public struct ExportedNode: Hashable, Sendable {
    public var name: String
    public var macs: [MACAddress]
    public var address: IPv4Address?
    public var groups: [String]
    public var comment: String?
    /// Logical processors, where the node has reported them.
    public var processors: Int?
    /// Memory in MiB, where the node has reported it.
    public var memory: Int?

    public init(
        name: String, macs: [MACAddress], address: IPv4Address? = nil, groups: [String] = [], comment: String? = nil,
        processors: Int? = nil,
        memory: Int? = nil
    ) {
        self.name = name
        self.macs = macs
        self.address = address
        self.groups = groups
        self.comment = comment
        self.processors = processors
        self.memory = memory
    }
}
