public import BootMachine
import BootProtocols
import Registry

/// One boot attempt: `/api/v1/attempts`.
public struct AttemptResource: Codable, Hashable, Sendable {
    public var id: Int64
    public var node: String
    public var mac: String
    public var began: Int64
    /// Power-on where somebody recorded it, else the first DISCOVER.
    public var zero: Int64
    public var lastSeen: Int64
    public var state: NodeState
    public var failure: String?
    public var capsule: String?
    /// What it boots instead of what the node's settings say: `once local`.
    public var boot: String?
}

/// Where a node is on its way: `/api/v1/status`.
public struct StatusResource: Codable, Hashable, Sendable {
    public var name: String
    public var mac: String
    public var state: NodeState
    /// Nil: it has not booted from here.
    public var attempt: Int64?
    /// The first DISCOVER of the attempt, and its last event of any kind.
    public var began: Int64?
    public var lastSeen: Int64?
    /// What its plan named, or what runs.
    public var capsule: String?
    /// Why it failed, or its last step.
    public var detail: String?
    /// Of the step, 0...100.
    public var percent: Int?
    /// What the step has of its bytes.
    public var bytes: Int64?

    public init(name: String, mac: String, state: NodeState) {
        self.name = name
        self.mac = mac
        self.state = state
    }

    init(_ record: NodeRecord, _ attempt: Attempt?, _ progress: BootProgress?) {
        self.init(name: record.node.name, mac: record.node.mac.description, state: record.state)
        guard let attempt else { return }
        self.attempt = attempt.id
        began = attempt.began
        lastSeen = attempt.lastSeen
        capsule = attempt.capsule
        detail = attempt.failure ?? progress?.step
        percent = progress?.percent
        bytes = progress?.bytes
    }
}

extension RegistryService {
    /// Where the nodes are that `words` mean.
    public func status(_ words: [String]) throws(AdminProblem) -> [StatusResource] {
        let records = try nodes(words)
        let attempts: [MACAddress: Attempt]
        var progress: [MACAddress: BootProgress] = [:]
        if let ledger {
            (attempts, progress) = ledger.attempts
        } else {
            let all = try registry { () throws(RegistryError) in try store.load().attempts }
            attempts = Dictionary(all.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        }
        return records.map { StatusResource($0, attempts[$0.node.mac], progress[$0.node.mac]) }
    }

    /// The newest attempts of a node, newest first.
    public func attempts(of name: String, limit: Int) throws(AdminProblem) -> [AttemptResource] {
        let node = try node(called: name).node
        let attempts = try registry { () throws(RegistryError) in
            try store.attempts(of: node.mac, limit: min(max(1, limit), 10_000))
        }
        return attempts.map { attempt in
            AttemptResource(
                id: attempt.id, node: node.name, mac: attempt.node.description, began: attempt.began,
                zero: attempt.zero, lastSeen: attempt.lastSeen, state: attempt.state, failure: attempt.failure,
                capsule: attempt.capsule, boot: attempt.boot?.text)
        }
    }
}
