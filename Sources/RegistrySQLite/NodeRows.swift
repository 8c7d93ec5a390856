import BootMachine
import BootProtocols
import GRDB
import Registry

// Nodes and groups in columns. Statements name their columns, so that rows are read by position: a registry of 100,000
// nodes is read whole.

extension NodeField {
    /// Its value in its column, which has the field's name.
    func column(of node: Node) -> DatabaseValue {
        switch self {
        case .enabled: node.enabled.databaseValue
        case .approved: node.approved.databaseValue
        case .address: (node.address.map { Int64($0.value) }).databaseValue
        default: node[self].databaseValue
        }
    }
}

extension Optional where Wrapped: DatabaseValueConvertible {
    fileprivate var databaseValue: DatabaseValue { self?.databaseValue ?? .null }
}

extension NodeRecord {
    /// Columns in the order in which `init(row:)` reads them.
    static let columns = (["mac", "state", "version"] + NodeField.allCases.map(\.rawValue)).joined(separator: ", ")

    /// Of `SELECT columns`. Nil for a row that is none, in a database that somebody edited.
    init?(row: Row) {
        guard let mac = MACAddress(column: row[0]), let state = NodeState(rawValue: row[1]) else { return nil }
        var node = Node(mac: mac, name: "")
        node.version = row[2]
        var index = 3
        for field in NodeField.allCases {
            defer { index += 1 }
            switch field {
            case .name: node.name = row[index]
            case .enabled: node.enabled = row[index]
            case .approved: node.approved = row[index]
            case .address:
                node.address = (row[index] as Int64?).flatMap { UInt32(exactly: $0) }.map(IPv4Address.init(value:))
            default:
                guard let text = row[index] as String? else { continue }
                try? node.set(field, to: text)
            }
        }
        self.init(node: node, state: state)
    }
}

extension NodeGroup {
    static let columns = (["version"] + NodeGroup.Field.allCases.map(\.rawValue)).joined(separator: ", ")

    /// Of `SELECT columns`.
    init(row: Row) {
        self.init(name: "")
        version = row[0]
        for (index, field) in NodeGroup.Field.allCases.enumerated() {
            try? set(field, to: row[index + 1])
        }
    }
}

extension Database {
    func nodes() throws -> [NodeRecord] {
        var records: [NodeRecord] = []
        let installs = try installs()
        let rows = try Row.fetchCursor(self, sql: "SELECT \(NodeRecord.columns) FROM nodes ORDER BY name")
        while let row = try rows.next() {
            guard var record = NodeRecord(row: row) else { continue }
            record.install = installs[record.node.mac]
            records.append(record)
        }
        return records
    }

    private func installs() throws -> [MACAddress: InstallState] {
        var installs: [MACAddress: InstallState] = [:]
        for row in try Row.fetchAll(self, sql: "SELECT * FROM installs") {
            if let mac = MACAddress(column: row["mac"]) { installs[mac] = InstallState(row: row) }
        }
        return installs
    }

    func node(_ mac: MACAddress) throws -> Node? {
        let statement = try cachedStatement(sql: "SELECT \(NodeRecord.columns) FROM nodes WHERE mac = ?")
        return try Row.fetchOne(statement, arguments: [mac.column]).flatMap { NodeRecord(row: $0)?.node }
    }

    func groups() throws -> [NodeGroup] {
        try Row.fetchAll(self, sql: "SELECT \(NodeGroup.columns) FROM groups ORDER BY name").map(NodeGroup.init(row:))
    }
}
