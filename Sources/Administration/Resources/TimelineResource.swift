public import BootMachine

/// One attempt of one node with all its events: `/api/v1/timelines/NODE`, the newest, or `?attempt=N`.
public struct TimelineResource: Codable, Hashable, Sendable {
    public struct Line: Codable, Hashable, Sendable {
        public var secondsSinceZero: Double
        /// The state after the event.
        public var state: NodeState
        public var event: BootEvent
    }

    public var node: String
    public var mac: String
    public var attempt: Int64
    public var state: NodeState
    public var failure: String?
    public var capsule: String?
    /// Power-on where somebody recorded it, else the first DISCOVER; milliseconds since 1970.
    public var zero: Int64
    public var began: Int64
    public var events: [Line]
}

/// What a node runs by its own word: `/api/v1/running`.
public struct RunningResource: Codable, Hashable, Sendable {
    public var name: String
    public var mac: String
    /// Of its newest attempt.
    public var state: NodeState
    /// What it would boot now: `compute:stable`.
    public var planned: String?
    /// What it said when it became ready: the generation, and the digest of its content.
    public var ready: String?
}
