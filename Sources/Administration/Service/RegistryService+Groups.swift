public import Registry

extension RegistryService {
    /// The groups with these names; all where there is none.
    public func groups(_ names: [String]) throws(AdminProblem) -> [GroupResource] {
        let (records, groups) = try census()
        for name in names where groups[name] == nil { throw noSuchGroup(name) }
        var own: [String: Int] = [:]
        var line: [String: Int] = [:]
        for record in records {
            for name in record.node.groups { own[name, default: 0] += 1 }
            for name in groups.line(of: record.node.groups) { line[name, default: 0] += 1 }
        }
        return groups.all.filter { names.isEmpty || names.contains($0.name) }.map { group in
            GroupResource(
                group, nodes: own[group.name] ?? 0, inheriting: (line[group.name] ?? 0) - (own[group.name] ?? 0))
        }
    }

    private func noSuchGroup(_ name: String) -> AdminProblem {
        .notFound("there is no group `\(name)`; `perseid group list` shows those that exist")
    }

    public func add(_ request: AddRequest<GroupDraft>, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        let groups = try census().groups
        var edits: [RegistryEdit] = []
        for draft in request.items {
            let group = try Self.group(draft)
            try requireCapsule(group)
            if groups[group.name] == nil {
                edits.append(.group(from: nil, to: group))
            } else if !request.keepExisting {
                throw .conflict("there is a group \(group.name) already")
            }
        }
        try checkGroups(edits)
        return try carryOut(edits, request.options, author)
    }

    private static func group(_ draft: GroupDraft) throws(AdminProblem) -> NodeGroup {
        do throws(InvalidValue) {
            var group = NodeGroup(name: try NodeName.validated(draft.name))
            try group.set(draft.fields)
            return group
        } catch {
            throw .badRequest("\(error)")
        }
    }

    /// Changes the groups that are named. A new name goes into the nodes and groups that name the old one.
    public func changeGroups(_ request: ChangeRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        let (records, groups) = try census()
        let steps = try FieldSteps<NodeGroup>(request)
        var edits: [RegistryEdit] = []
        for old in try named(request.select, groups) {
            let new = try steps.applied(to: old)
            guard new != old else { continue }
            try requireCapsule(new)
            edits.append(.group(from: groups[old.name], to: new))
            if new.name != old.name {
                guard groups[new.name] == nil, old.name != NodeGroup.everybody, new.name != NodeGroup.everybody else {
                    throw .conflict("the name \(new.name) is taken already")
                }
                edits += renaming(old.name, to: new.name, records, groups)
            }
        }
        try checkGroups(edits)
        return try carryOut(edits, request.options, author)
    }

    /// Removes the groups that are named, from the nodes and groups that name them too.
    public func removeGroups(_ request: ChangeRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        let (records, groups) = try census()
        var edits: [RegistryEdit] = []
        for group in try named(request.select, groups) {
            edits.append(.group(from: groups[group.name], to: nil))
            edits += renaming(group.name, to: nil, records, groups)
        }
        return try carryOut(edits, request.options, author)
    }

    private func named(_ names: [String], _ groups: GroupTree) throws(AdminProblem) -> [NodeGroup] {
        guard !names.isEmpty else { throw .badRequest("say which groups, by name") }
        var named: [NodeGroup] = []
        for name in names {
            if let group = groups[name] {
                named.append(group)
            } else if name == NodeGroup.everybody {
                named.append(NodeGroup(name: name))
            } else {
                throw noSuchGroup(name)
            }
        }
        return named
    }

    private func renaming(
        _ old: String, to new: String?, _ records: [NodeRecord], _ groups: GroupTree
    ) -> [RegistryEdit] {
        let replaced = { (names: [String]) in names.compactMap { $0 == old ? new : $0 } }
        let nodes = records.filter { $0.node.groups.contains(old) }.map { record in
            var node = record.node
            node.groups = replaced(node.groups)
            return RegistryEdit.node(from: record.node, to: node)
        }
        let heirs = groups.all.filter { $0.parents.contains(old) }.map { group in
            var heir = group
            heir.parents = replaced(group.parents)
            return RegistryEdit.group(from: group, to: heir)
        }
        return nodes + heirs
    }

    private func requireCapsule(_ group: NodeGroup) throws(AdminProblem) {
        if let capsule = group.settings.capsule, let problem = capsuleProblem(capsule) { throw .badRequest(problem) }
    }

    /// Refuses groups that would inherit from themselves, or from none.
    func checkGroups(_ edits: [RegistryEdit]) throws(AdminProblem) {
        var groups = Dictionary(
            try census().groups.all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var changes = false
        for case .group(let old, let new) in edits {
            changes = true
            if let old { groups[old.name] = nil }
            if let new { groups[new.name] = new }
        }
        guard changes else { return }
        let all = Array(groups.values)
        try registry { () throws(RegistryError) in try GroupTree.check(all) }
    }

    /// The groups that a node is in or inherits from, the nearest first, without `all`, which is everybody's.
    public func groupLine(of name: String) throws(AdminProblem) -> [String] {
        Array(try census().groups.line(of: node(called: name).node.groups).dropLast())
    }
}
