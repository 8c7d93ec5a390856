import BootMachine
import BootProtocols
import GRDB
import Registry

extension Database {
    /// A new number in the history.
    func begin(_ note: ChangeNote) throws -> Int64 {
        try execute(
            sql: "INSERT INTO changes (at, author, what) VALUES (?, ?, ?)",
            arguments: [note.at, note.author, note.what])
        return lastInsertedRowID
    }

    /// Carries out one edit and keeps it in the history under `number`.
    func edit(_ edit: RegistryEdit, as number: Int64) throws {
        guard let recorded = edit.recorded else { return }
        switch edit {
        case .node(let before, let after): try editNode(from: before, to: after, recorded, number)
        case .group(let before, let after): try editGroup(from: before, to: after, number)
        case .install(let before, let after, let decision):
            try editNode(from: before, to: after, recorded, number)
            switch decision.order {
            case .ask(let time, let wishes): try askInstall(of: after.mac, at: time, wishes)
            case .forget: try forgetInstall(of: after.mac)
            }
        }
        try keep(recorded, as: number)
    }

    private func editNode(from before: Node?, to after: Node?, _ edit: RecordedEdit, _ number: Int64) throws {
        switch (before, after) {
        case (nil, let node?):
            let fields = NodeField.allCases
            let state: NodeState = node.approved ? .registered : .new
            let marks = String(repeating: ", ?", count: fields.count)
            try cachedStatement(
                sql: "INSERT INTO nodes (\(NodeRecord.columns)) VALUES (?, ?, ?\(marks))"
            ).execute(
                arguments: StatementArguments(
                    [node.mac.column.databaseValue, state.rawValue.databaseValue, number.databaseValue]
                        + fields.map { $0.column(of: node) }))
        case (let old?, let node?):
            let fields = NodeField.allCases.filter { edit.fields[$0.rawValue] != nil }
            let places = fields.map { "\($0.rawValue) = ?, " }.joined()
            try cachedStatement(sql: "UPDATE nodes SET \(places)version = ? WHERE mac = ? AND version = ?").execute(
                arguments: StatementArguments(
                    fields.map { $0.column(of: node) }
                        + [number.databaseValue, node.mac.column.databaseValue, old.version.databaseValue]))
            guard changesCount == 1 else { throw RegistryError.changedMeanwhile(old.name) }
        case (let old?, nil):
            try cachedStatement(sql: "DELETE FROM nodes WHERE mac = ? AND version = ?").execute(
                arguments: [old.mac.column, old.version])
            guard changesCount == 1 else { throw RegistryError.changedMeanwhile(old.name) }
            try forgetInstall(of: old.mac)
        case (nil, nil): return
        }
        try keepAddresses(from: before, to: after)
    }

    func askInstall(of mac: MACAddress, at time: Int64, _ wishes: InstallWishes) throws {
        try execute(
            sql: """
                INSERT INTO installs (mac, desired, achieved, requested, afterwards, breakpoints)
                VALUES (?, 1, 0, ?, ?, ?)
                ON CONFLICT (mac) DO UPDATE SET desired = desired + 1, requested = excluded.requested,
                    afterwards = excluded.afterwards, breakpoints = excluded.breakpoints
                """,
            arguments: [
                mac.column, time, wishes.afterwards.rawValue,
                wishes.breakpoints.map(\.rawValue).joined(separator: ","),
            ])
    }

    func forgetInstall(of mac: MACAddress) throws {
        try execute(sql: "DELETE FROM installs WHERE mac = ?", arguments: [mac.column])
    }

    /// Sees to it that every address belongs to one node.
    private func keepAddresses(from before: Node?, to after: Node?) throws {
        let old = before?.interfaces ?? []
        let new = after?.interfaces ?? []
        if old != new, let node = before ?? after {
            if !old.isEmpty {
                try execute(sql: "DELETE FROM interfaces WHERE node = ?", arguments: [node.mac.column])
            }
            for interface in new {
                try cachedStatement(sql: "INSERT INTO interfaces (mac, node, address) VALUES (?, ?, ?)").execute(
                    arguments: [interface.mac.column, node.mac.column, (interface.address?.value).map { Int64($0) }])
                try refuse("SELECT name FROM nodes WHERE mac = ?", interface.mac.column, "\(interface.mac)")
                if let address = interface.address {
                    try refuse("SELECT name FROM nodes WHERE address = ?", Int64(address.value), "\(address)")
                }
            }
        }
        guard let after else { return }
        let byInterface = "SELECT name FROM nodes WHERE mac = (SELECT node FROM interfaces WHERE"
        if before == nil { try refuse("\(byInterface) mac = ?)", after.mac.column, "\(after.mac)") }
        if let address = after.address, address != before?.address {
            try refuse("\(byInterface) address = ?)", Int64(address.value), "\(address)")
        }
    }

    private func refuse(_ sql: String, _ value: Int64, _ text: String) throws {
        if let name = try String.fetchOne(cachedStatement(sql: sql), arguments: [value]) {
            throw RegistryError.duplicate("\(text) of \(name)")
        }
    }

    private func editGroup(from before: NodeGroup?, to after: NodeGroup?, _ number: Int64) throws {
        let fields = NodeGroup.Field.allCases
        if let before {
            try execute(
                sql: "DELETE FROM groups WHERE name = ? AND version = ?", arguments: [before.name, before.version])
            guard changesCount == 1 else { throw RegistryError.changedMeanwhile("group \(before.name)") }
        }
        guard let after else { return }
        let marks = String(repeating: ", ?", count: fields.count)
        try execute(
            sql: "INSERT INTO groups (\(NodeGroup.columns)) VALUES (?\(marks))",
            arguments: StatementArguments([number.databaseValue] + fields.map { after[$0].databaseValueOrNull }))
    }
}

extension Optional where Wrapped == String {
    fileprivate var databaseValueOrNull: DatabaseValue { self?.databaseValue ?? .null }
}
