import BootMachine
import BootProtocols
import Registry

extension RegistryService {
    /// One boot of a node, step by step.
    /// - Parameter id: of the attempt; nil: the newest.
    public func timeline(of name: String, attempt id: Int64?) throws(AdminProblem) -> TimelineResource {
        let node = try node(called: name).node
        let (attempt, events) = try registry { () throws(RegistryError) -> (Attempt?, [RecordedEvent]) in
            // What has just happened is told too.
            try ledger?.flush()
            let attempts = try store.attempts(of: node.mac, limit: id == nil ? 1 : 1000)
            guard let attempt = attempts.first(where: { id == nil || $0.id == id }) else { return (nil, []) }
            return (attempt, try store.timeline(of: attempt.id))
        }
        guard let attempt else {
            throw .notFound(
                id.map { "\(node.name) has no attempt \($0)" } ?? "\(node.name) has not booted from this server yet")
        }
        return TimelineResource(
            node: node.name, mac: node.mac.description, attempt: attempt.id, state: attempt.state,
            failure: attempt.failure, capsule: attempt.capsule, zero: attempt.zero, began: attempt.began,
            events: events.map { recorded in
                TimelineResource.Line(
                    secondsSinceZero: Double(recorded.event.at - attempt.zero) / 1000, state: recorded.state,
                    event: recorded.event)
            })
    }

    /// What nodes run by their own word, beside what they would boot now.
    public func running(_ words: [String]) throws(AdminProblem) -> [RunningResource] {
        let (records, groups) = try census()
        var found: [RunningResource] = []
        for record in try select(records, groups, words) {
            let node = record.node
            let (state, ready) = try registry { () throws(RegistryError) -> (NodeState, String?) in
                guard let attempt = try store.attempts(of: node.mac, limit: 1).first else { return (.registered, nil) }
                let last = try store.timeline(of: attempt.id).last { $0.event.kind == .ready }
                return (attempt.state, last?.event.detail)
            }
            found.append(
                RunningResource(
                    name: node.name, mac: node.mac.description, state: state,
                    planned: groups.settings(of: node, server: server).capsule?.value, ready: ready))
        }
        return found
    }
}
