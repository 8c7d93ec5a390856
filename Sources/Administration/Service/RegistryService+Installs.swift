import BootMachine
public import Registry

extension RegistryService {
    /// How far installs are, of the nodes that any was asked for of.
    public func installs(_ words: [String]) throws(AdminProblem) -> [InstallResource] {
        var found: [InstallResource] = []
        for record in try nodes(words) {
            guard let install = record.install else { continue }
            let progress = try registry { () throws(RegistryError) in
                try store.attempts(of: record.node.mac, limit: 1).first.flatMap { attempt throws(RegistryError) in
                    InstallProgress(try store.timeline(of: attempt.id).map(\.event))
                }
            }
            // What was before the order has nothing to do with it.
            let counts = progress.map { $0.at >= install.requested } ?? false
            found.append(InstallResource(record, install, counts ? progress : nil))
        }
        return found
    }

    /// Has nodes put their capsule on their own disks at their next boot: all of them, or where one has no layout, none.
    public func askInstalls(_ request: InstallRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        let wishes = try wishes(of: request)
        return try decide(request, by: author) { record, groups throws(AdminProblem) in
            let after = try plan(for: record.node, groups, wishes)
            return InstallDecision(.ask(at: author.at, wishes), FieldChange(Self.words(for: record.install), after))
        }
    }

    /// Has nodes boot from the network again; their disks are left alone.
    public func forgetInstalls(_ request: InstallRequest, by author: ChangeNote) throws(AdminProblem) -> ChangeResult {
        try decide(request, by: author) { record, _ throws(AdminProblem) in
            guard record.install != nil || record.node.nextBoot?.target == .install else { return nil }
            return InstallDecision(.forget, FieldChange(Self.words(for: record.install), nil))
        }
    }

    private func decide(
        _ request: InstallRequest, by author: ChangeNote,
        _ decision: (NodeRecord, GroupTree) throws(AdminProblem) -> InstallDecision?
    ) throws(AdminProblem) -> ChangeResult {
        guard !request.select.isEmpty else { throw .badRequest("say which nodes; '*' for all") }
        let (records, groups) = try census()
        var edits: [RegistryEdit] = []
        for record in try select(records, groups, request.select) {
            guard let decision = try decision(record, groups) else { continue }
            var node = record.node
            // Both take back what `boot set … install` says: forgotten it is not asked for, and asked for not twice.
            if node.nextBoot?.target == .install { node.nextBoot = nil }
            edits.append(.install(from: record.node, to: node, decision))
        }
        return try carryOut(edits, request.options ?? ChangeOptions(), author)
    }

    private func wishes(of request: InstallRequest) throws(AdminProblem) -> InstallWishes {
        guard let then = request.then else { return InstallWishes(breakpoints: request.break ?? []) }
        guard let afterwards = Afterwards(rawValue: then) else {
            throw .badRequest("`\(then)` is not \(Afterwards.rule)")
        }
        return InstallWishes(afterwards: afterwards, breakpoints: request.break ?? [])
    }

    /// What will be on the disks, in words.
    private func plan(
        for node: Node, _ groups: GroupTree, _ wishes: InstallWishes
    ) throws(AdminProblem) -> String {
        let capsule = groups.settings(of: node, server: server).capsule?.value
        do {
            // `all` is everybody's, and no group of theirs.
            let line = Array(groups.line(of: node.groups).dropLast())
            var text = "\(capsule ?? "the server's capsule"), by \(try layout(node.name, line, capsule ?? ""))"
            if wishes.afterwards != .reboot { text += "; then \(wishes.afterwards.rawValue)" }
            let steps = wishes.breakpoints.map(\.rawValue)
            if !steps.isEmpty { text += "; stops before \(steps.joined(separator: ", "))" }
            return text
        } catch let problem as AdminProblem {
            throw problem
        } catch {
            let text = "\(error)"
            throw .badRequest(text.contains(node.name) ? text : "\(node.name): \(text)")
        }
    }

    private static func words(for install: InstallState?) -> String? {
        guard let install else { return nil }
        return install.isDue ? "asked for" : install.capsule ?? "done"
    }
}
