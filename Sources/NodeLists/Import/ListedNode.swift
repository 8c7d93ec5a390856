public import BootProtocols

/// A machine as some list names it.
public struct ListedNode: Hashable, Sendable {
    public var name: String
    /// In the list's order; the first is the one that it boots from.
    public var macs: [MACAddress]
    public var address: IPv4Address?
    public var groups: [String]
    public var comment: String?
    /// Where it stands in the list, from 1.
    public var line: Int

    public init(
        name: String, macs: [MACAddress] = [], address: IPv4Address? = nil, groups: [String] = [],
        comment: String? = nil, line: Int = 0
    ) {
        self.name = name
        self.macs = macs
        self.address = address
        self.groups = groups
        self.comment = comment
        self.line = line
    }
}

/// Something in a list that cannot be taken over.
public struct ListProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public var line: Int
    public var text: String

    public init(line: Int, _ text: String) {
        self.line = line
        self.text = text
    }

    public var description: String { "line \(line): \(text)" }
}

/// What was read of a list: all of its machines and all that is wrong with it.
public struct NodeList: Hashable, Sendable {
    public var nodes: [ListedNode] = []
    /// In the order of their lines. Where there are any, nothing is to be taken over.
    public var problems: [ListProblem] = []

    public init() {}

    mutating func refuse(_ line: Int, _ text: String) { problems.append(ListProblem(line: line, text)) }
}
