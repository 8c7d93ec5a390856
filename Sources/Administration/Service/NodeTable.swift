import BootMachine
import BootProtocols
import Registry

extension RegistryService {
    /// What a table of nodes can show: `columns` of `/api/v1/nodes`.
    public static let columns =
        ["mac", "state", "version", "currentAddress"] + NodeField.allCases.map(\.rawValue)
        + NodeField.settings.map { "effective.\($0.rawValue)" }

    /// A line of values between tabs for each node; what a node does not have is empty. No value holds a tab or a line's
    /// end (`FieldText`).
    func table(_ words: [String], columns: [String]) throws(AdminProblem) -> [UInt8] {
        for column in columns where !Self.columns.contains(column) {
            throw .badRequest("there is no column `\(column)`; there are \(Self.columns.joined(separator: ", "))")
        }
        let (records, groups) = try census()
        let selected = try select(records, groups, words)
        let addresses = columns.contains("currentAddress") ? try currentAddresses() : [:]
        let cells = columns.map { cell($0, groups, addresses) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(selected.count * 64)
        for record in selected {
            for (index, cell) in cells.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: "\t")) }
                if let text = cell(record) { bytes.append(contentsOf: text.utf8) }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    private func cell(
        _ column: String, _ groups: GroupTree, _ addresses: [MACAddress: IPv4Address]
    ) -> (NodeRecord) -> String? {
        switch column {
        case "mac": return { $0.node.mac.description }
        case "state": return { $0.state.rawValue }
        case "version": return { String($0.node.version) }
        case "currentAddress":
            return { record in
                let node = record.node
                let lease = addresses[node.mac] ?? node.interfaces.lazy.compactMap { addresses[$0.mac] }.first
                return (lease ?? node.address)?.description
            }
        default:
            if let field = NodeField(rawValue: column) { return { $0.node[field] } }
            guard let field = NodeField(rawValue: String(column.dropFirst("effective.".count))) else {
                return { _ in nil }
            }
            return { record in
                record.node.settings[field] ?? groups.settings(of: record.node, server: server).text(of: field)?.value
            }
        }
    }

    /// One node, by name or MAC address.
    public func resource(of name: String) throws(AdminProblem) -> NodeResource {
        let record = try node(called: name)
        let groups = if let ledger { ledger.groups } else { try census().groups }
        let addresses = try currentAddresses()
        let mac = record.node.mac
        let inventory = try registry { () throws(RegistryError) in try store.inventories(of: [mac])[mac] }
        return NodeResource(
            record, groups.settings(of: record.node, server: server),
            currentAddress: record.node.macs.lazy.compactMap { addresses[$0] }.first?.description,
            inventory: inventory)
    }
}
