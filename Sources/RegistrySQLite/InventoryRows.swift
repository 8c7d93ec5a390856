import BootMachine
import BootProtocols
import Foundation
import GRDB
import Registry

// What machines said of themselves, as JSON: nothing is looked for in it.

extension Database {
    /// Keeps what a machine says, with what an earlier look of it has seen and this one could not.
    func keep(_ inventory: Inventory, of mac: MACAddress, at time: Int64) throws {
        var inventory = inventory
        if let earlier = try inventories(of: [mac])[mac]?.inventory.hardware {
            inventory.hardware = inventory.hardware?.adding(earlier) ?? earlier
        }
        let text = String(decoding: try JSONEncoder().encode(inventory), as: UTF8.self)
        try cachedStatement(sql: "INSERT OR REPLACE INTO inventories (mac, at, inventory) VALUES (?, ?, ?)")
            .execute(arguments: [mac.column, time, text])
    }

    /// Nil: all of them.
    func inventories(of nodes: [MACAddress]?) throws -> [MACAddress: StoredInventory] {
        var found: [MACAddress: StoredInventory] = [:]
        let decoder = JSONDecoder()
        func take(_ row: Row) {
            guard let mac = MACAddress(column: row[0]) else { return }
            let text: String = row[2]
            // One of a newer version is left out.
            guard let inventory = try? decoder.decode(Inventory.self, from: Data(text.utf8)) else { return }
            found[mac] = StoredInventory(inventory: inventory, at: row[1])
        }
        guard let nodes else {
            let rows = try Row.fetchCursor(self, sql: "SELECT mac, at, inventory FROM inventories")
            while let row = try rows.next() { take(row) }
            return found
        }
        let statement = try cachedStatement(sql: "SELECT mac, at, inventory FROM inventories WHERE mac = ?")
        for node in nodes {
            if let row = try Row.fetchOne(statement, arguments: [node.column]) { take(row) }
        }
        return found
    }

    /// Several at once: a statement for each of 100,000 nodes takes seconds.
    func inventoryTexts(of nodes: [MACAddress]) throws -> [MACAddress: InventoryText] {
        var found: [MACAddress: InventoryText] = [:]
        for start in stride(from: 0, to: nodes.count, by: 500) {
            let part = nodes[start..<min(start + 500, nodes.count)]
            let marks = repeatElement("?", count: part.count).joined(separator: ",")
            let rows = try Row.fetchCursor(
                cachedStatement(sql: "SELECT mac, at, inventory FROM inventories WHERE mac IN (\(marks))"),
                arguments: StatementArguments(part.map(\.column)))
            while let row = try rows.next() {
                if let mac = MACAddress(column: row[0]) { found[mac] = InventoryText(json: row[2], at: row[1]) }
            }
        }
        return found
    }

    func firstAttempts(of nodes: [MACAddress]) throws -> [MACAddress: FirstAttempt] {
        var found: [MACAddress: FirstAttempt] = [:]
        let statement = try cachedStatement(sql: "SELECT id, began FROM attempts WHERE mac = ? ORDER BY id LIMIT 1")
        for node in nodes {
            if let row = try Row.fetchOne(statement, arguments: [node.column]) {
                found[node] = FirstAttempt(id: row[0], began: row[1])
            }
        }
        return found
    }
}
