import BootMachine

/// The body of `POST` and `DELETE /api/v1/work`: what nodes that run are to do.
public struct WorkRequest: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable {
        /// Nodes without a disk of ours move to a generation's files, as far as that is safe.
        case livesync
        /// Installed nodes bring their disks to a generation.
        case update
    }

    public var select: [String]
    /// Of `POST` alone.
    public var kind: Kind?
    /// `compute@8`, `compute:stable` or `compute`; nil: what each node is set to.
    public var capsule: String?
    /// Of an update: say what would change, and change nothing.
    public var dryRun: Bool?

    public init(select: [String], kind: Kind? = nil, capsule: String? = nil, dryRun: Bool? = nil) {
        self.select = select
        self.kind = kind
        self.capsule = capsule
        self.dryRun = dryRun
    }
}

/// What a running node was given to do, or why it was not, and what it said of it: `/api/v1/work`.
public struct WorkResource: Codable, Hashable, Sendable {
    public var node: String
    public var mac: String
    /// When it was given, in milliseconds since 1970; nil: it was not.
    public var id: Int64?
    /// `livesync`, `update` or `update --dry-run`.
    public var kind: String?
    /// Exact generation, `compute@8`.
    public var capsule: String?
    /// Why it was not given.
    public var refusal: String?
    /// How far it is, by the node's last words.
    public var progress: String?
    /// What came of it; nil: not there yet.
    public var outcome: String?
    /// It came to all that was asked.
    public var isWhole: Bool?
    /// Of an update, once it said so, a line for each path: + added, ~ changed, - removed, o the node's own, k kernel and
    /// loader, x excluded, ! in the way.
    public var changes: [String]?

    init(_ node: String, _ mac: String, _ work: AgentWork? = nil, refusal: String? = nil) {
        self.node = node
        self.mac = mac
        self.refusal = refusal
        id = work?.id
        kind = work?.kind.words
        capsule = work?.capsule
    }
}
