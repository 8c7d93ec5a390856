public import BootMachine
public import BootProtocols

/// One try of one node, from its first DISCOVER to `ready`.
public struct Attempt: Hashable, Sendable {
    public var id: Int64
    public var node: MACAddress
    /// The first DISCOVER, milliseconds since 1970.
    public var began: Int64
    /// Power-on where somebody recorded it, else the first DISCOVER: the zero of the timeline.
    public var zero: Int64
    public var state: NodeState
    /// Why the attempt failed.
    public var failure: String?
    /// Exact generation that the plan named, then the one that runs.
    public var capsule: String?
    /// SHA-256 of the token in the boot script; good for check-in, until the handoff.
    public var bootToken: [UInt8]?
    /// SHA-256 of the token that the last check-in gave.
    public var agentToken: [UInt8]?
    /// What it boots instead of what the node's settings say, fixed when its first script was sent.
    public var boot: NextBoot?
    /// The last event of any kind, heartbeats included, milliseconds since 1970.
    public var lastSeen: Int64

    public init(id: Int64, node: MACAddress, began: Int64, zero: Int64, state: NodeState) {
        self.id = id
        self.node = node
        self.began = began
        self.zero = zero
        self.state = state
        lastSeen = began
    }
}

/// How far an attempt is, by its last event. Held in memory alone.
public struct BootProgress: Hashable, Sendable {
    /// The event in words.
    public var step: String
    /// Of the step, 0...100.
    public var percent: Int?
    /// What the step has of its bytes.
    public var bytes: Int64?

    init(_ event: BootEvent) {
        step = event.detail.isEmpty ? event.kind.rawValue : "\(event.kind.rawValue): \(event.detail)"
        percent = event.percent
        bytes = event.bytes
    }
}

/// A line of a timeline as it is kept.
public struct RecordedEvent: Hashable, Sendable {
    public var event: BootEvent
    /// Nil for what happened outside any attempt.
    public var attempt: Int64?
    /// The state after the event.
    public var state: NodeState

    public init(event: BootEvent, attempt: Int64?, state: NodeState) {
        self.event = event
        self.attempt = attempt
        self.state = state
    }
}
