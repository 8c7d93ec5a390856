// `POST /node/v1/update`: what the agent of an installed node asks for once it heard of an update, and what it gets.

/// An order to bring an installed node to a generation: signed for one boot attempt and one MAC.
public struct UpdateOrder: Codable, Hashable, Sendable {
    /// Longest list of paths of one `UpdateChanges`, in bytes.
    public static let partLimit = 128 << 10
    /// Most parts of a list.
    public static let parts = 64

    /// Of the work that it belongs to.
    public var update: Int64
    /// Exact generation, `compute@12`.
    public var capsule: String
    /// Change nothing; say what would change.
    public var isDryRun: Bool
    /// Lines as `PathRule` reads them, the nearest place's first.
    public var excludes: [String]

    public init(update: Int64, capsule: String, isDryRun: Bool, excludes: [String]) {
        self.update = update
        self.capsule = capsule
        self.isDryRun = isDryRun
        self.excludes = excludes
    }
}

/// What the agent says to get its order.
public struct UpdateRequest: Codable, Hashable, Sendable {
    public var id: Int64
    /// What the node's own files are to be encrypted for: an X25519 public key, base64, the same in one boot attempt.
    public var layerKey: String

    public init(id: Int64, layerKey: String) {
        self.id = id
        self.layerKey = layerKey
    }
}

public struct UpdateReply: Codable, Hashable, Sendable {
    /// `SignedOrder` of an `UpdateOrder`, as JSON.
    public var order: String
    /// `SealedLayer`, as JSON; nil where the node has no files of its own.
    public var layer: String?

    public init(order: String, layer: String?) {
        self.order = order
        self.layer = layer
    }
}

/// `POST /node/v1/update/changes`: a part of the list of what an update changes, for whoever ordered it.
public struct UpdateChanges: Codable, Hashable, Sendable {
    public var id: Int64
    /// From 0, which begins a new list.
    public var part: Int
    public var lines: [String]

    public init(id: Int64, part: Int, lines: [String]) {
        self.id = id
        self.part = part
        self.lines = lines
    }
}
