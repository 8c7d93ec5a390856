public import BootMachine

/// A machine that nobody has approved yet: `/api/v1/discovery`.
public struct DiscoveryResource: Codable, Hashable, Sendable {
    /// What it is called until it has a name.
    public var name: String
    public var mac: String
    public var state: NodeState
    public var address: String?
    /// Its first DISCOVER, milliseconds since 1970; of two machines the one that came first has the lower number.
    public var arrived: Int64?
    public var arrival: Int64?
    public var lastSeen: Int64?
    /// What it says of itself, once its stage 1 has checked in.
    public var inventory: Inventory?
}

/// `POST /api/v1/discovery`: machines out of quarantine get names.
public struct AssignRequest: Codable, Hashable, Sendable {
    public struct Assignment: Codable, Hashable, Sendable {
        public var mac: String
        public var name: String

        public init(mac: String, name: String) {
            self.mac = mac
            self.name = name
        }
    }

    public var assign: [Assignment]
    /// By field: what all of them get besides, such as groups.
    public var set: [String: String]
    public var options: ChangeOptions

    public init(_ assign: [Assignment], set: [String: String] = [:], options: ChangeOptions = ChangeOptions()) {
        self.assign = assign
        self.set = set
        self.options = options
    }
}
