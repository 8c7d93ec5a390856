import BootProtocols
import Yams

/// Warewulf 4's nodes.conf: `nodes:`, each with `profiles` and `network devices`.
enum WarewulfList {
    static func read(_ text: String) -> NodeList {
        var list = NodeList()
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            let (line, text) = place(of: error)
            list.refuse(line, "not YAML: \(text)")
            return list
        }
        guard let nodes = root?.mapping?["nodes"] else {
            list.refuse(1, "there is no `nodes:`, as Warewulf 4's nodes.conf has it")
            return list
        }
        // `nodes: {}` and `nodes:` alone: none are there.
        for (key, value) in nodes.mapping ?? [:] {
            let line = key.mark?.line ?? 1
            guard let name = key.string, let fields = value.mapping else {
                list.refuse(line, "a node is a name with a mapping beneath it")
                continue
            }
            read(name, fields, line, &list)
        }
        return list
    }

    /// Where YAML ends to be YAML, and why.
    private static func place(of error: any Error) -> (line: Int, text: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, problem)
        default: (1, "\(error)")
        }
    }

    private static func read(_ name: String, _ fields: Node.Mapping, _ line: Int, _ list: inout NodeList) {
        var node = ListedNode(name: .nodeName(name), comment: fields["comment"]?.string, line: line)
        node.groups = fields["profiles"]?.sequence?.compactMap(\.string).filter { $0 != "default" } ?? []
        let devices = fields["network devices"]?.mapping ?? [:]
        // The device that the node boots from comes first: the one that is marked, else `default`, else by name.
        let primary = fields["primary network"]?.string
        let order = devices.sorted { rank($0, primary) < rank($1, primary) }
        for (_, device) in order {
            guard let device = device.mapping else { continue }
            if let text = device["hwaddr"]?.string, !text.isEmpty {
                guard let mac = MACAddress(looseText: text) else {
                    list.refuse(device["hwaddr"]?.mark?.line ?? line, "`\(text)` is no MAC address")
                    return
                }
                node.macs.append(mac)
            }
            if node.address == nil, let text = device["ipaddr"]?.string, !text.isEmpty {
                // Older files write the prefix length behind it.
                guard let address = IPv4Address(text.prefix { $0 != "/" }) else {
                    list.refuse(device["ipaddr"]?.mark?.line ?? line, "`\(text)` is no IPv4 address")
                    return
                }
                node.address = address
            }
        }
        if node.macs.isEmpty {
            list.refuse(line, "\(name) has no hwaddr in its network devices")
        } else {
            list.nodes.append(node)
        }
    }

    private static func rank(_ device: (key: Node, value: Node), _ primary: String?) -> String {
        let name = device.key.string ?? ""
        let isPrimary = name == primary || device.value.mapping?["primary"]?.bool == true
        return (isPrimary ? "0" : name == "default" ? "1" : "2") + name
    }
}
