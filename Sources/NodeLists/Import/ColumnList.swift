import BootProtocols

/// Tables whose first line names the columns: CSV (RFC 4180), and words between white space.
enum ColumnList {
    enum Column: Hashable {
        case name, mac, address, group, comment

        /// By the names that such tables have them under.
        init?(_ heading: String) {
            switch heading.lowercased().filter({ $0.isLetter }) {
            case "name", "hostname", "host", "node", "nodename": self = .name
            case "mac", "macaddr", "macaddress", "hwaddr", "hwaddress", "nodeid", "ethernet": self = .mac
            case "address", "ip", "ipaddr", "ipaddress", "ipv": self = .address
            case "group", "groups", "groupname", "profiles": self = .group
            case "comment", "desc", "description": self = .comment
            default: return nil
            }
        }
    }

    static func isMAC(_ text: some StringProtocol) -> Bool { MACAddress(looseText: text) != nil }

    static func readTable(_ text: String) -> NodeList {
        // A rule of dashes under the headings is decoration.
        let lines = TextLine.lines(of: text, comment: "#").filter { $0.text.contains { $0 != "-" && $0 != " " } }
        return read(lines.map { ($0.number, $0.words.map(String.init)) })
    }

    static func readCSV(_ text: String) -> NodeList {
        switch CSVRecords.read(text) {
        case .success(let records): return read(records)
        case .failure(let problem):
            var list = NodeList()
            list.problems = [problem]
            return list
        }
    }

    private static func read(_ records: [(line: Int, fields: [String])]) -> NodeList {
        var list = NodeList()
        guard let heading = records.first else { return list }
        let columns = heading.fields.map { Column($0) }
        for column in [Column.name, .mac] where !columns.contains(column) {
            list.refuse(heading.line, "the first line names no column `\(column)`; it needs name and mac at least")
        }
        guard list.problems.isEmpty else { return list }
        for record in records.dropFirst() {
            guard record.fields.count <= columns.count else {
                list.refuse(record.line, "\(record.fields.count) fields under \(columns.count) headings")
                continue
            }
            var values: [Column: String] = [:]
            for (column, field) in zip(columns, record.fields) {
                if let column, !field.isEmpty { values[column] = field }
            }
            if let node = node(values, record.line, &list) { list.nodes.append(node) }
        }
        return list
    }

    private static func node(_ values: [Column: String], _ line: Int, _ list: inout NodeList) -> ListedNode? {
        let before = list.problems.count
        var node = ListedNode(name: .nodeName(values[.name] ?? ""), comment: values[.comment], line: line)
        for text in (values[.mac] ?? "").split(whereSeparator: { " ,;".contains($0) }) {
            if let mac = MACAddress(looseText: text) {
                node.macs.append(mac)
            } else {
                list.refuse(line, "`\(text)` is no MAC address")
            }
        }
        if node.macs.isEmpty, list.problems.count == before { list.refuse(line, "\(node.name) has no MAC address") }
        if let text = values[.address] {
            node.address = IPv4Address(text)
            if node.address == nil { list.refuse(line, "`\(text)` is no IPv4 address") }
        }
        node.groups = (values[.group] ?? "").split(whereSeparator: { " ,;".contains($0) }).map(String.init)
        return list.problems.count == before ? node : nil
    }
}

/// Comma-separated values (RFC 4180) with the line of each record.
enum CSVRecords {
    static func read(_ text: String) -> Result<[(line: Int, fields: [String])], ListProblem> {
        var records: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var line = 1
        var began = 1
        var characters = text.makeIterator()
        var next = characters.next()
        while let character = next {
            next = characters.next()
            if isQuoted {
                if character.isNewline { line += 1 }
                guard character == "\"" else {
                    field.append(character)
                    continue
                }
                if next == "\"" {
                    field.append("\"")
                    next = characters.next()
                } else {
                    isQuoted = false
                }
                continue
            }
            switch character {
            case "\"" where field.isEmpty: isQuoted = true
            case ",":
                fields.append(field)
                field = ""
            case _ where character.isNewline:
                fields.append(field)
                keep(fields, began, &records)
                (fields, field) = ([], "")
                line += 1
                began = line
            default: field.append(character)
            }
        }
        guard !isQuoted else { return .failure(ListProblem(line: began, "a quoted field that begins here never ends")) }
        fields.append(field)
        keep(fields, began, &records)
        return .success(records)
    }

    private static func keep(_ fields: [String], _ line: Int, _ records: inout [(line: Int, fields: [String])]) {
        let trimmed = fields.map { String($0[...].trimmed) }
        if trimmed.contains(where: { !$0.isEmpty }), trimmed.first?.hasPrefix("#") != true {
            records.append((line, trimmed))
        }
    }
}
