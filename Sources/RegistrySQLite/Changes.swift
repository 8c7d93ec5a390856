import BootMachine
import BootProtocols
import Foundation
import GRDB
import Registry

extension Database {
    /// Carries out one change within the transaction at hand.
    /// - Parameter number: of the change in the history that it belongs to.
    /// - Returns: the node that has another version now.
    func apply(_ change: Change, number: () throws -> Int64) throws -> MACAddress? {
        switch change {
        case .node(let node):
            try edit(.node(from: try self.node(node.mac), to: node), as: number())
            return node.mac
        case .removeNode(let mac):
            if let node = try node(mac) { try edit(.node(from: node, to: nil), as: number()) }
        case .useUp(let boot, let mac):
            guard let node = try node(mac), node.nextBoot == boot else { return nil }
            var used = node
            used.nextBoot = nil
            try edit(.node(from: node, to: used), as: number())
            return mac
        case .achieved(let generation, let mac):
            guard let node = try node(mac) else { return nil }
            var done = node
            done.achievedGeneration = generation
            try edit(.node(from: node, to: done), as: number())
            return mac
        case .attempt(let attempt):
            try apply(attempt)
        case .event(let recorded):
            try apply(recorded)
        case .askInstall(let mac, let time, let wishes): try askInstall(of: mac, at: time, wishes)
        case .inventory(let inventory, let mac, let time):
            try keep(inventory, of: mac, at: time)
        case .hardware(let hardware, let mac, let time):
            guard var known = try inventories(of: [mac])[mac]?.inventory else { return nil }
            known.hardware = hardware
            try keep(known, of: mac, at: time)
        case .install(let mac, let install):
            try apply(install, of: mac)
        case .forgetInstall(let mac): try forgetInstall(of: mac)
        case .adoptPowerOn(let node, let attempt, let since):
            try execute(
                sql: "UPDATE events SET attempt = ? WHERE mac = ? AND attempt IS NULL AND kind = ? AND at >= ?",
                arguments: [attempt, node.column, BootEvent.Kind.poweredOn.rawValue, since])
        }
        return nil
    }

    /// Brings leases of the journal in, each machine once, and the epoch that they end, if they do.
    func fold(_ leases: ArraySlice<Lease>, epoch: UInt32?) throws {
        // REPLACE also drops the expired lease of another machine on this address.
        let insert = "INSERT OR REPLACE INTO leases (mac, address, expires) VALUES "
        // Many rows to a statement: what it costs to run one is a good part of a lease's way into the tables.
        let size = 64
        let row = "(?, ?, ?)"
        let statement = try cachedStatement(sql: insert + repeatElement(row, count: size).joined(separator: ", "))
        let single = try cachedStatement(sql: insert + row)
        var rest = leases
        while !rest.isEmpty {
            let isFull = rest.count >= size
            let group = rest.prefix(isFull ? size : 1)
            let values = group.flatMap { lease -> [DatabaseValue] in
                [lease.mac.column.databaseValue, Int64(lease.address.value).databaseValue, lease.expires.databaseValue]
            }
            try (isFull ? statement : single).execute(arguments: StatementArguments(values))
            rest = rest.dropFirst(group.count)
        }
        if let epoch { try execute(sql: "PRAGMA user_version = \(epoch)") }
    }

    /// The newest epoch of the journal that is in the tables.
    func foldedEpoch() throws -> UInt32 {
        UInt32(truncatingIfNeeded: try Int64.fetchOne(self, sql: "PRAGMA user_version") ?? 0)
    }

    private func apply(_ install: InstallState, of mac: MACAddress) throws {
        let sql = """
            UPDATE installs SET achieved = ?, capsule = ?, installed = ?, credential = ?, nextCredential = ?
                WHERE mac = ?
            """
        try cachedStatement(sql: sql).execute(arguments: [
            install.achieved, install.capsule, install.installed, install.credential.map { Data($0) },
            install.nextCredential.map { Data($0) }, mac.column,
        ])
    }

    private func apply(_ attempt: Attempt) throws {
        let sql = """
            INSERT OR REPLACE INTO attempts
                (id, mac, began, zero, state, failure, capsule, bootToken, agentToken, lastSeen, boot)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            attempt.id, attempt.node.column, attempt.began, attempt.zero, attempt.state.rawValue, attempt.failure,
            attempt.capsule, attempt.bootToken.map { Data($0) }, attempt.agentToken.map { Data($0) }, attempt.lastSeen,
            attempt.boot?.text,
        ])
        try cachedStatement(sql: "UPDATE nodes SET state = ? WHERE mac = ?")
            .execute(arguments: [attempt.state.rawValue, attempt.node.column])
    }

    private func apply(_ recorded: RecordedEvent) throws {
        let event = recorded.event
        let sql = """
            INSERT INTO events (attempt, mac, at, kind, state, transport, bytes, milliseconds, percent, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            recorded.attempt, event.node.column, event.at, event.kind.rawValue, recorded.state.rawValue,
            event.transport?.rawValue, event.bytes, event.milliseconds, event.percent, event.detail,
        ])
    }
}
