import BootProtocols
public import Registry

extension RegistryService {
    /// Has one change made at a time, of all that go through this service's daemon, from what is there now. Where another
    /// process got in between, it is made anew from what that one left: nobody's change is lost, and only what is truly at
    /// odds is refused.
    func settled<Value: Sendable>(_ change: () throws(AdminProblem) -> Value) throws(AdminProblem) -> Value {
        for _ in 0..<Self.tries {
            do throws(AdminProblem) {
                return try once(change)
            } catch {
                guard case .changedMeanwhile = error else { throw error }
            }
        }
        return try once(change)
    }

    /// How often a change is made anew because another process was faster, before its author is told so.
    private static let tries = 20

    private func once<Value: Sendable>(_ change: () throws(AdminProblem) -> Value) throws(AdminProblem) -> Value {
        guard let ledger else { return try change() }
        return try ledger.exclusively { () throws(AdminProblem) in
            try registry { () throws(RegistryError) in try ledger.takeForeignChanges() }
            return try change()
        }
    }

    /// Writes edits, or says what they would do.
    func carryOut(
        _ edits: [RegistryEdit], _ options: ChangeOptions, _ author: ChangeNote
    ) throws(AdminProblem) -> ChangeResult {
        let newest = try registry { () throws(RegistryError) in try store.history(of: nil, limit: 1).first?.number ?? 0
        }
        if let revision = options.revision { try requireUnchanged(edits, since: revision) }
        try requireUnique(edits)
        try requireAddresses(edits, at: author.at)
        var result = ChangeResult(
            change: nil, revision: newest, count: edits.count,
            items: edits.prefix(max(0, options.lines)).compactMap { $0.recorded.map(EditResource.init) })
        let notes = capsuleNotes(edits)
        result.notes = notes.isEmpty ? nil : notes
        guard !options.dryRun, !edits.isEmpty else { return result }
        var note = author
        if let what = options.what { note.what = String(what.prefix(200)) }
        result.change = try registry { () throws(RegistryError) in
            if let ledger { try ledger.edit(edits, note: note) } else { try store.edit(edits, note: note) }
        }
        return result
    }

    /// A capsule may be named before it is built; whoever has mistyped it learns so.
    private func capsuleNotes(_ edits: [RegistryEdit]) -> [String] {
        var wanted: Set<String> = []
        for edit in edits {
            switch edit {
            case .node(let from, let to), .install(let from as Node?, let to as Node?, _):
                if let capsule = to?.capsule, capsule != from?.capsule { wanted.insert(capsule) }
                if to?.nextBoot != from?.nextBoot, case .capsule(let capsule) = to?.nextBoot?.target {
                    wanted.insert(capsule)
                }
            case .group(let from, let to):
                if let capsule = to?.settings.capsule, capsule != from?.settings.capsule { wanted.insert(capsule) }
            }
        }
        return wanted.sorted().prefix(20).compactMap(capsuleAbsence)
    }

    /// Refuses what somebody else has changed since it was looked at.
    private func requireUnchanged(_ edits: [RegistryEdit], since revision: Int64) throws(AdminProblem) {
        for edit in edits {
            let (name, version): (String, Int64) =
                switch edit {
                case .node(let from?, _), .install(let from, _, _): (from.name, from.version)
                case .group(let from?, _): ("group \(from.name)", from.version)
                case .node, .group: ("", 0)
                }
            guard version > revision else { continue }
            let change = try registry { () throws(RegistryError) in try store.change(version) }
            let who = change.map { " by \($0.note.author) (`\($0.note.what)`, change \(version))" } ?? ""
            throw .conflict(
                "\(name) was changed\(who) after you looked; nothing was written. Look again, and repeat")
        }
    }

    /// Refuses names, MAC addresses and addresses that another node has.
    private func requireUnique(_ edits: [RegistryEdit]) throws(AdminProblem) {
        var changed: [Node] = []
        var before: Set<MACAddress> = []
        for case .node(let from, let to) in edits {
            if let from, let to, from.name == to.name, from.macs == to.macs, from.addresses == to.addresses { continue }
            if let from { before.insert(from.mac) }
            if let to { changed.append(to) }
        }
        guard !changed.isEmpty else { return }
        var taken = NodeAdmission(
            existing: try census().records.map(\.node).filter { !before.contains($0.mac) }, keepExisting: false)
        for node in changed { taken.take(node, line: 0) }
        let problems = taken.problems.map(\.text)
        guard problems.isEmpty else { throw .conflict(problems.prefix(20).joined(separator: "\n")) }
    }

    /// Refuses addresses that are somebody else's: in use now by a machine that got them from a pool, or set apart by the
    /// settings of DHCP.
    private func requireAddresses(_ edits: [RegistryEdit], at time: Int64) throws(AdminProblem) {
        var changed: [Node] = []
        for case .node(let from, let to?) in edits {
            let old = Set(from?.addresses ?? [])
            if !to.addresses.allSatisfy(old.contains) { changed.append(to) }
        }
        guard !changed.isEmpty else { return }
        if let problem = addressProblem(changed) { throw .conflict(problem) }
        let leases = try leases()
        let held = Dictionary(
            leases.filter { $0.expires > time }.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        for node in changed {
            for address in node.addresses {
                guard let lease = held[address], !node.macs.contains(lease.mac) else { continue }
                let left = (lease.expires - time) / 60_000 + 1
                throw .conflict(
                    "\(node.name): \(address) is leased to \(lease.mac) for \(left) min more; take another, or wait")
            }
        }
    }

    // MARK: - History

    /// The newest changes: all, without what they did one by one, or those of one node or group (`@gpu`), with.
    public func history(of name: String?, limit: Int) throws(AdminProblem) -> [HistoryResource] {
        let subject: HistorySubject?
        if let name, name.hasPrefix("@") {
            subject = .group(String(name.dropFirst()))
        } else {
            subject = if let name { .node(try node(called: name).node.mac) } else { nil }
        }
        let changes = try registry { () throws(RegistryError) in
            try store.history(of: subject, limit: min(max(1, limit), 10_000))
        }
        return changes.map(HistoryResource.init)
    }

    /// One change with all that it did.
    public func change(_ number: Int64) throws(AdminProblem) -> HistoryResource {
        HistoryResource(try recorded(number))
    }

    private func recorded(_ number: Int64) throws(AdminProblem) -> RecordedChange {
        guard let change = try registry({ () throws(RegistryError) in try store.change(number) }) else {
            throw .notFound("there is no change \(number); `perseid history` shows those that were made")
        }
        return change
    }

    /// Takes a change back: what it changed gets the values of before, what it added goes, what it removed returns.
    /// Nothing of it may have been changed since.
    /// - Parameter number: nil: the newest one.
    public func undo(
        _ number: Int64?, _ options: ChangeOptions, by author: ChangeNote
    ) throws(AdminProblem) -> ChangeResult {
        var wanted = number
        if wanted == nil {
            wanted = try registry { () throws(RegistryError) in
                try store.history(of: nil, limit: 1000).first { $0.note.author != ChangeNote.server }?.number
            }
        }
        guard let wanted else { throw .notFound("there is no change to undo") }
        let change = try recorded(wanted)
        let (records, groups) = try census()
        let undoing = ChangeReversal(change, nodes: records.map(\.node), groups: groups)
        var options = options
        options.what = "undo \(wanted) (\(change.note.what))"
        let edits = try undoing.edits()
        try checkGroups(edits)
        return try carryOut(edits, options, author)
    }
}
