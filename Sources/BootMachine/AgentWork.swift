/// What a server asks of the agent of a running node, in the answer to its heartbeat.
public struct AgentWork: Codable, Hashable, Sendable {
    /// Told apart by this: an agent does each once.
    public var id: Int64
    /// Move to this generation's files, as far as that is safe: `compute@8`.
    public var livesync: String

    public init(id: Int64, livesync: String) {
        self.id = id
        self.livesync = livesync
    }

    /// How the report of what came of it begins.
    public var mark: String { "livesync \(livesync) (\(id)): " }

    /// How a report begins of how far a livesync is.
    public static let progressMark = "livesync: "
}
