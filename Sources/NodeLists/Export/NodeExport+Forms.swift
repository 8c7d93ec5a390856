import BootProtocols

extension NodeExport {
    static func hosts(_ nodes: [ExportedNode], _ setting: Setting) -> [String] {
        nodes.compactMap { node in
            guard let address = node.address else { return nil }
            let full = setting.domain.map { "\(node.name).\($0) " } ?? ""
            return "\(address)\t\(full)\(node.name)"
        }
    }

    /// One name a line: C3's own ranges know no padding.
    static func c3(_ nodes: [ExportedNode], _ setting: Setting) -> [String] {
        ["cluster \(setting.cluster) {", "    \(setting.head)"] + nodes.map { "    \($0.name)" } + ["}"]
    }

    static func genders(_ node: ExportedNode) -> String {
        // A node without an attribute would be none to genders.
        "\(node.name) \((node.groups + ["perseid"]).joined(separator: ","))"
    }

    static func clustershell(_ nodes: [ExportedNode]) -> [String] {
        let all = "all: \(FoldedNames.words(of: nodes.map(\.name)).joined(separator: ","))"
        let groups = byGroup(nodes).map { "\($0): \(FoldedNames.words(of: $1.map(\.name)).joined(separator: ","))" }
        return ["[Main]"] + (nodes.isEmpty ? [] : [all]) + groups
    }

    /// Nodes that are alike share a line.
    static func slurm(_ nodes: [ExportedNode]) -> [String] {
        var order: [String] = []
        var names: [String: [String]] = [:]
        for node in nodes {
            let processors = node.processors.map { " CPUs=\($0)" } ?? ""
            let memory = node.memory.map { " RealMemory=\($0)" } ?? ""
            let kind = "\(processors)\(memory) State=UNKNOWN"
            if names[kind] == nil { order.append(kind) }
            names[kind, default: []].append(node.name)
        }
        return order.map { kind in
            "NodeName=\(FoldedNames.words(of: names[kind, default: []]).joined(separator: ","))\(kind)"
        }
    }

    static func ansible(_ nodes: [ExportedNode]) -> [String] {
        let line = { (node: ExportedNode) in node.name + (node.address.map { " ansible_host=\($0)" } ?? "") }
        return nodes.map(line)
            // A group's name is a word of Python there; hyphens are warned of.
            + byGroup(nodes).flatMap { group, members in
                ["", "[\(group.replacing("-", with: "_"))]"] + members.map(\.name)
            }
    }

    static func dnsmasq(_ node: ExportedNode) -> String? {
        guard !node.macs.isEmpty else { return nil }
        let fields =
            node.macs.map(\.description) + node.groups.map { "set:\($0)" }
            + (node.address.map { [$0.description] } ?? []) + [node.name]
        return "dhcp-host=\(fields.joined(separator: ","))"
    }

    /// One declaration for each MAC address: dhcpd takes one in each.
    static func dhcpd(_ node: ExportedNode) -> [String] {
        node.macs.enumerated().map { index, mac in
            let name = index == 0 ? node.name : "\(node.name)-\(index + 1)"
            let address = node.address.map { " fixed-address \($0);" } ?? ""
            return "host \(name) { hardware ethernet \(mac);\(address) option host-name \"\(node.name)\"; }"
        }
    }

    static func csv(_ nodes: [ExportedNode]) -> [String] {
        ["name,mac,address,groups,comment"]
            + nodes.map { node in
                let macs = node.macs.map(\.description).joined(separator: " ")
                let groups = node.groups.joined(separator: " ")
                return [node.name, macs, node.address?.description ?? "", groups, quoted(node.comment ?? "")]
                    .joined(separator: ",")
            }
    }

    /// A field of CSV (RFC 4180, 2).
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"".contains($0) || $0.isNewline }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }

    /// Groups in the order in which nodes name them first.
    private static func byGroup(_ nodes: [ExportedNode]) -> [(String, [ExportedNode])] {
        var order: [String] = []
        var members: [String: [ExportedNode]] = [:]
        for node in nodes {
            for group in node.groups {
                if members[group] == nil { order.append(group) }
                members[group, default: []].append(node)
            }
        }
        return order.map { ($0, members[$0, default: []]) }
    }
}
