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
    public var attempt: Int64
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
        let node = try node(called: name).node
        if let ledger { try registry { () throws(RegistryError) in try ledger.flush() } }
        let (attempt, events) = try registry { () throws(RegistryError) in
            let attempt = try store.attempts(of: node.mac, limit: 1).first
            return (attempt, try attempt.map { found throws(RegistryError) in try store.timeline(of: found.id) } ?? [])
        }
        guard let attempt else { throw .notFound("\(node.name) has not booted from this server yet") }
        let story = BootStory(attempt, events, now: now)
        return ExplanationResource(
            node: node.name, attempt: attempt.id, state: attempt.state, failure: attempt.failure,
            findings: BootRule.all.filter { $0.holds(of: story) }.map { rule in
                ExplanationResource.Finding(
                    rule: rule.name, cause: rule.cause,
                    advice: rule.advice.split(separator: " ").map { $0 == "NODE" ? node.name : String($0) }
                        .joined(separator: " "))
            },
            steps: events.map { recorded in
                ExplanationResource.Step(
                    seconds: Double(recorded.event.at - attempt.zero) / 1000, kind: recorded.event.kind,
                    state: recorded.state, detail: recorded.event.detail, percent: recorded.event.percent)
            })
    }
}
