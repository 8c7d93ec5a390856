public import BootMachine
public import BootProtocols
public import Registry

/// Where orders for running nodes lie, and what they are to be.
public struct WorkDesk: Sendable {
    /// The exact generation of an order for a node; throws why there is none.
    public typealias Choice = (NodeRecord) throws -> String
    /// How the generations of orders of one kind are chosen, by what an admin asked for: made once for all their nodes.
    public typealias Choosing =
        @Sendable (GroupTree, NodeSettings, WorkRequest.Kind, _ wanted: String?) -> Choice

    let choice: Choosing
    let place: @Sendable (AgentWork, MACAddress) throws -> Void
    let order: @Sendable (MACAddress) -> AgentWork?
    let changes: @Sendable (MACAddress) -> [String]
    let withdraw: @Sendable (MACAddress) -> Void

    public init(
        choice: @escaping Choosing, place: @escaping @Sendable (AgentWork, MACAddress) throws -> Void,
        order: @escaping @Sendable (MACAddress) -> AgentWork?,
        changes: @escaping @Sendable (MACAddress) -> [String], withdraw: @escaping @Sendable (MACAddress) -> Void
    ) {
        self.choice = choice
        self.place = place
        self.order = order
        self.changes = changes
        self.withdraw = withdraw
    }
}

extension RegistryService {
    /// Gives running nodes something to do: each hears of it with its next heartbeat, as long as it is not taken back. A
    /// node that cannot do it says why, and the others are given it all the same.
    public func giveWork(_ request: WorkRequest, by author: ChangeNote) throws(AdminProblem) -> [WorkResource] {
        let desk = try workDesk()
        guard !request.select.isEmpty else { throw .badRequest("say which nodes; '*' for all") }
        guard let asked = request.kind else { throw .badRequest("work has a `kind`: livesync or update") }
        if asked == .livesync, request.dryRun == true { throw .badRequest("a livesync has no dry run") }
        if let text = request.capsule, let problem = capsuleProblem(text) { throw .badRequest(problem) }
        let (records, groups) = try census()
        let kind: AgentWork.Kind =
            asked == .livesync ? .livesync : request.dryRun == true ? .updateDryRun : .update
        let choose = desk.choice(groups, server, asked, request.capsule)
        var given: [WorkResource] = []
        for record in try select(records, groups, request.select) {
            let (name, mac) = (record.node.name, record.node.mac)
            do {
                let capsule = try choose(record)
                let work = AgentWork(id: author.at, kind: kind, capsule: capsule)
                try desk.place(work, mac)
                given.append(WorkResource(name, "\(mac)", work))
            } catch {
                given.append(WorkResource(name, "\(mac)", refusal: "\(error)"))
            }
        }
        return given
    }

    /// What nodes were given and was not taken back, and what they said of it.
    /// - Parameter withChanges: the lists of what updates change, too; they are long.
    public func work(_ words: [String], withChanges: Bool = false) throws(AdminProblem) -> [WorkResource] {
        let desk = try workDesk()
        var found: [WorkResource] = []
        for record in try nodes(words) {
            guard let work = desk.order(record.node.mac) else { continue }
            let events = try registry { () throws(RegistryError) in
                try store.attempts(of: record.node.mac, limit: 1).first.map { attempt throws(RegistryError) in
                    try store.timeline(of: attempt.id).map(\.event).filter { $0.at >= work.id }
                } ?? []
            }
            var resource = WorkResource(record.node.name, "\(record.node.mac)", work)
            resource.progress = events.last { $0.detail.hasPrefix(work.progressMark) }?.detail
            if let end = events.last(where: { $0.detail.hasPrefix(work.mark) }) {
                resource.outcome = end.detail
                resource.isWhole = end.percent == 100
                if withChanges { resource.changes = desk.changes(record.node.mac) }
            }
            found.append(resource)
        }
        return found
    }

    /// Takes back what nodes were given; what one has begun it goes on with.
    public func withdrawWork(_ request: WorkRequest) throws(AdminProblem) -> [WorkResource] {
        let desk = try workDesk()
        guard !request.select.isEmpty else { throw .badRequest("say which nodes; '*' for all") }
        let taken = try work(request.select)
        for mac in taken.compactMap({ MACAddress($0.mac) }) { desk.withdraw(mac) }
        return taken
    }

    private func workDesk() throws(AdminProblem) -> WorkDesk {
        guard let desk = workPlace else { throw .failed("nodes are given no work here") }
        return desk
    }
}
