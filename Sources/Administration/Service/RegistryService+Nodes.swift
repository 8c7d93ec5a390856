import BootProtocols
public import Registry

extension RegistryService {
    /// Adds nodes: all, or where something is at odds with another or with what is there, none.
    public func add(_ request: AddRequest<NodeDraft>, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        let (records, groups) = try census()
        var admission = NodeAdmission(existing: records.map(\.node), keepExisting: request.keepExisting)
        for (index, draft) in request.items.enumerated() {
            guard let node = admission.read(draft, line: draft.line ?? index + 1) else { continue }
            if let problem = problem(of: node, groups) { admission.refuse(draft.line ?? index + 1, problem) }
            admission.take(node, line: draft.line ?? index + 1)
        }
        guard admission.problems.isEmpty else {
            let isList = request.items.count > 1
            throw .conflict(
                admission.problems.map { isList ? "line \($0.line): \($0.text)" : $0.text }.joined(separator: "\n"))
        }
        return try carryOut(admission.admitted.map { .node(from: nil, to: $0) }, request.options, author)
    }

    /// Changes the nodes that are selected.
    public func change(_ request: ChangeRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        try requireWords(request)
        let (records, groups) = try census()
        let selected = try select(records, groups, request.select)
        if selected.count > 1, let field = request.set.keys.first(where: Self.single.contains) {
            throw .badRequest("\(field) is for one node, and \(selected.count) are meant")
        }
        let steps = try FieldSteps<Node>(request)
        var edits: [RegistryEdit] = []
        edits.reserveCapacity(selected.count)
        for record in selected {
            let old = record.node
            let new = try steps.applied(to: old)
            guard new != old else { continue }
            if let problem = problem(of: new, groups, since: old) { throw .badRequest(problem) }
            edits.append(.node(from: old, to: new))
        }
        return try carryOut(edits, request.options, author)
    }

    /// Fields that no two nodes may have the same of.
    private static let single: Set<String> = [
        NodeField.name.rawValue, NodeField.address.rawValue, NodeField.interfaces.rawValue, NodeField.uuid.rawValue,
        NodeField.serial.rawValue,
    ]

    /// Removes the nodes that are selected. Their timelines stay.
    public func remove(_ request: ChangeRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        try requireWords(request)
        let (records, groups) = try census()
        let edits = try select(records, groups, request.select).map { RegistryEdit.node(from: $0.node, to: nil) }
        return try carryOut(edits, request.options, author)
    }

    /// Gives a node's name and settings to the machine with another MAC address.
    public func replace(
        _ name: String, with text: String, _ options: ChangeOptions, by author: ChangeNote
    ) throws(AdminProblem) -> ChangeResult {
        let mac: MACAddress
        do throws(InvalidValue) { mac = try .validated(text) } catch { throw .badRequest("\(error)") }
        let old = try node(called: name).node
        guard old.mac != mac else { throw .badRequest("\(old.name) has this MAC address already") }
        var edits: [RegistryEdit] = [.node(from: old, to: nil)]
        if let taken = try census().records.map(\.node).first(where: { $0.macs.contains(mac) && $0.mac != old.mac }) {
            guard !taken.approved, taken.mac == mac else {
                throw .conflict("\(mac) is \(taken.name)'s; delete that node first if it is to be \(old.name)")
            }
            edits.append(.node(from: taken, to: nil))
        }
        var new = old
        new.mac = mac
        new.interfaces.removeAll { $0.mac == mac }
        edits.append(.node(from: nil, to: new))
        var result = try carryOut(edits, options, author)
        result.count = 1
        return result
    }

    private func requireWords(_ request: ChangeRequest) throws(AdminProblem) {
        guard !request.select.isEmpty else {
            throw .badRequest("say which nodes: names, n[001-100], rack1*, state=failed, or '*' for all")
        }
    }

    /// What a node may not be, beyond the form of its values.
    func problem(of node: Node, _ groups: GroupTree, since old: Node? = nil) -> String? {
        if node.groups.contains(NodeGroup.everybody) { return "every node is in the group `all`; leave it out" }
        if node.groups != old?.groups, let name = node.groups.first(where: { groups[$0] == nil }) {
            return "\(RegistryError.noSuchGroup(name, wantedBy: node.name))"
        }
        if node.capsule != old?.capsule, let capsule = node.capsule, let problem = capsuleProblem(capsule) {
            return problem
        }
        if node.nextBoot == NextBoot(.install, .always) {
            return "a node that always installs erases its disk at each boot; say --once"
        }
        if node.nextBoot != old?.nextBoot, case .capsule(let capsule) = node.nextBoot?.target {
            return capsuleProblem(capsule)
        }
        return nil
    }
}
