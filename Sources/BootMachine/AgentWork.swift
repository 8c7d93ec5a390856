/// What a server asks of the agent of a running node, in the answer to its heartbeat.
public struct AgentWork: Codable, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Move a node without a disk to a generation's files, as far as that is safe.
        case livesync
        /// Bring what is on an installed node's disk to a generation; the order itself is signed, and asked for.
        case update
        /// Say what an update would change.
        case updateDryRun

        public var words: String {
            switch self {
            case .livesync: "livesync"
            case .update: "update"
            case .updateDryRun: "update --dry-run"
            }
        }
    }

    /// Told apart by this: an agent does each once. Milliseconds since 1970.
    public var id: Int64
    public var kind: Kind
    /// Exact generation, `compute@8`.
    public var capsule: String

    public init(id: Int64, kind: Kind, capsule: String) {
        self.id = id
        self.kind = kind
        self.capsule = capsule
    }

    public init(id: Int64, livesync capsule: String) {
        self.init(id: id, kind: .livesync, capsule: capsule)
    }

    /// How the report of what came of it begins.
    public var mark: String { "\(kind.words) \(capsule) (\(id)): " }

    /// How a report begins of how far it is.
    public var progressMark: String { kind == .livesync ? "livesync: " : "update: " }

    // MARK: - JSON

    // The generation stands under a key that is the kind's own: an agent that does not know the kind takes no work.
    private enum CodingKeys: String, CodingKey {
        case id, livesync, update, updateDryRun
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(Int64.self, forKey: .id)
        if let capsule = try values.decodeIfPresent(String.self, forKey: .update) {
            (kind, self.capsule) = (.update, capsule)
        } else if let capsule = try values.decodeIfPresent(String.self, forKey: .updateDryRun) {
            (kind, self.capsule) = (.updateDryRun, capsule)
        } else {
            (kind, capsule) = (.livesync, try values.decode(String.self, forKey: .livesync))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        switch kind {
        case .livesync: try values.encode(capsule, forKey: .livesync)
        case .update: try values.encode(capsule, forKey: .update)
        case .updateDryRun: try values.encode(capsule, forKey: .updateDryRun)
        }
    }
}
