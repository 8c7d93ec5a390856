import BootProtocols
import Foundation
import GRDB
import Registry

extension Database {
    /// Keeps what a change did to one node or group.
    func keep(_ edit: RecordedEdit, as number: Int64) throws {
        let fields = edit.fields.json
        switch edit.subject {
        case .node(let mac):
            try cachedStatement(
                sql: "INSERT OR REPLACE INTO changedNodes (mac, change, kind, name, fields) VALUES (?, ?, ?, ?, ?)"
            ).execute(arguments: [mac.column, number, edit.kind.rawValue, edit.name, fields])
        case .group(let name):
            try cachedStatement(
                sql: "INSERT OR REPLACE INTO changedGroups (name, change, kind, fields) VALUES (?, ?, ?, ?)"
            ).execute(arguments: [name, number, edit.kind.rawValue, fields])
        }
    }

    func history(of subject: HistorySubject?, limit: Int) throws -> [RecordedChange] {
        switch subject {
        case nil:
            return try Row.fetchAll(self, sql: "SELECT * FROM changes ORDER BY number DESC LIMIT ?", arguments: [limit])
                .map { RecordedChange(number: $0["number"], note: ChangeNote(row: $0), items: []) }
        case .node(let mac):
            let sql = """
                SELECT * FROM changedNodes JOIN changes ON number = change WHERE mac = ? ORDER BY change DESC LIMIT ?
                """
            return try Row.fetchAll(self, sql: sql, arguments: [mac.column, limit]).map { row in
                RecordedChange(
                    number: row["number"], note: ChangeNote(row: row),
                    items: [RecordedEdit(row: row, subject, name: row["name"])].compactMap { $0 })
            }
        case .group(let name):
            let sql = """
                SELECT * FROM changedGroups JOIN changes ON number = change WHERE name = ? ORDER BY change DESC LIMIT ?
                """
            return try Row.fetchAll(self, sql: sql, arguments: [name, limit]).map { row in
                RecordedChange(
                    number: row["number"], note: ChangeNote(row: row),
                    items: [RecordedEdit(row: row, subject, name: name)].compactMap { $0 })
            }
        }
    }

    func change(_ number: Int64) throws -> RecordedChange? {
        guard let row = try Row.fetchOne(self, sql: "SELECT * FROM changes WHERE number = ?", arguments: [number])
        else { return nil }
        let nodes = try Row.fetchAll(
            self, sql: "SELECT * FROM changedNodes WHERE change = ? ORDER BY name", arguments: [number]
        ).compactMap { row in
            MACAddress(column: row["mac"]).flatMap { RecordedEdit(row: row, .node($0), name: row["name"]) }
        }
        let groups = try Row.fetchAll(
            self, sql: "SELECT * FROM changedGroups WHERE change = ? ORDER BY name", arguments: [number]
        ).compactMap { RecordedEdit(row: $0, .group($0["name"]), name: $0["name"]) }
        return RecordedChange(number: number, note: ChangeNote(row: row), items: groups + nodes)
    }
}

extension ChangeNote {
    fileprivate init(row: Row) {
        self.init(author: row["author"], what: row["what"], at: row["at"])
    }
}

extension RecordedEdit {
    fileprivate init?(row: Row, _ subject: HistorySubject?, name: String) {
        guard let subject, let kind = Kind(rawValue: row["kind"]) else { return nil }
        let text: String = row["fields"]
        let fields = try? JSONDecoder().decode([String: [String?]].self, from: Data(text.utf8))
        self.init(
            subject: subject, kind: kind, name: name,
            fields: (fields ?? [:]).mapValues { FieldChange($0.first ?? nil, $0.dropFirst().first ?? nil) })
    }
}

extension [String: FieldChange] {
    /// `{"capsule":["compute@1",null]}`. Written by hand: a change of 100,000 nodes makes as many of them.
    fileprivate var json: String {
        var text = "{"
        for (key, change) in self {
            if text.utf8.count > 1 { text += "," }
            text += "\"\(key)\":["
            Self.write(change.before, to: &text)
            text += ","
            Self.write(change.after, to: &text)
            text += "]"
        }
        return text + "}"
    }

    /// RFC 8259, 7. Control characters are in no value.
    private static func write(_ value: String?, to text: inout String) {
        guard let value else {
            text += "null"
            return
        }
        text += "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        text += "\""
    }
}
