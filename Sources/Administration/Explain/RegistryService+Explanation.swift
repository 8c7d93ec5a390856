public import BootMachine
import Registry

/// What became of a node's last boot, and why: `/api/v1/nodes/NAME/explanation`.
public struct ExplanationResource: Codable, Hashable, Sendable {
    public struct Finding: Codable, Hashable, Sendable {
        public var rule: String
        public var cause: String
        public var advice: String
    }

    public struct Step: Codable, Hashable, Sendable {
        /// Since the timeline's zero.
        public var seconds: Double
        public var kind: BootEvent.Kind
        public var state: NodeState
        public var detail: String
        public var percent: Int?
    }

    public var node: String
    /// Nil where none began: the server has refused all that the machine asked.
    public var attempt: Int64?
    public var state: NodeState
    public var failure: String?
    /// The likely cause first.
    public var findings: [Finding]
    public var steps: [Step]
}

extension RegistryService {
    /// The last attempt of a node, step by step, with what the rules find in it.
    /// - Parameter now: milliseconds since 1970.
    public func explanation(of name: String, now: Int64) throws(AdminProblem) -> ExplanationResource {
        let record = try node(called: name)
        let node = record.node
        if let ledger { try registry { () throws(RegistryError) in try ledger.flush() } }
        let (attempt, events) = try registry { () throws(RegistryError) in
            let attempt = try store.attempts(of: node.mac, limit: 1).first
            return (attempt, try attempt.map { found throws(RegistryError) in try store.timeline(of: found.id) } ?? [])
        }
        guard let attempt else { return try explanation(of: node, state: record.state, now: now) }
        if let begun = try explanation(ofPowerOn: node, after: attempt, now: now) { return begun }
        return Self.explanation(
            of: node, attempt.id, BootStory(attempt, events, now: now), events.map { ($0.event, $0.state) })
    }

    /// Of a node that was switched on after its last attempt, and that nothing was heard of since.
    private func explanation(
        ofPowerOn node: Node, after attempt: Attempt, now: Int64
    ) throws(AdminProblem) -> ExplanationResource? {
        let stray = try registry { () throws(RegistryError) in
            try store.strayEvents(of: node.mac, since: max(attempt.lastSeen + 1, now - Self.recently))
        }
        guard let newest = stray.first(where: { $0.kind == .poweredOn }) else { return nil }
        let story = BootStory(stray: stray.reversed().filter { $0.at >= newest.at }, in: .registered, now: now)
        return Self.explanation(of: node, nil, story, story.events.map { ($0, .registered) })
    }

    /// Of a node that no attempt has begun of: what was refused lately.
    private func explanation(
        of node: Node, state: NodeState, now: Int64
    ) throws(AdminProblem) -> ExplanationResource {
        let stray = try registry { () throws(RegistryError) in
            try store.strayEvents(of: node.mac, since: now - Self.recently)
        }
        guard !stray.isEmpty else {
            throw .notFound(
                "\(node.name) has not booted from this server yet. Switch it on; `perseid dhcp watch` shows whether "
                    + "anything of \(node.mac) arrives")
        }
        let story = BootStory(stray: stray.reversed(), in: state, now: now)
        return Self.explanation(of: node, nil, story, story.events.map { ($0, state) })
    }

    /// Milliseconds for which a refusal says something about a machine that never booted.
    private static let recently: Int64 = 86_400_000

    private static func explanation(
        of node: Node, _ attempt: Int64?, _ story: BootStory, _ steps: [(event: BootEvent, state: NodeState)]
    ) -> ExplanationResource {
        ExplanationResource(
            node: node.name, attempt: attempt, state: story.state, failure: story.failure,
            findings: BootRule.findings(in: story).map { rule in
                ExplanationResource.Finding(
                    rule: rule.name, cause: rule.cause,
                    advice: rule.advice.split(separator: " ").map { $0 == "NODE" ? node.name : String($0) }
                        .joined(separator: " "))
            },
            steps: steps.map { event, state in
                ExplanationResource.Step(
                    seconds: Double(event.at - story.zero) / 1000, kind: event.kind, state: state,
                    detail: event.detail, percent: event.percent)
            })
    }
}
