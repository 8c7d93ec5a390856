import BootProtocols

/// dnsmasq(8): `dhcp-host=[MAC][,MAC…][,id:…][,set:TAG][,tag:TAG][,ADDRESS][,NAME][,LEASE][,ignore]`, in its
/// configuration or, without `dhcp-host=`, in a file for `--dhcp-hostsfile`.
enum DnsmasqList {
    static func read(_ text: String) -> NodeList {
        var list = NodeList()
        for line in TextLine.lines(of: text, comment: "#") {
            var value = line.text
            if let equals = value.firstIndex(of: "=") {
                // Another option of a whole configuration.
                guard value[..<equals].trimmed == "dhcp-host" else { continue }
                value = value[value.index(after: equals)...]
            } else {
                // Options without a value are one word; a host has a comma at least.
                guard value.contains(",") else { continue }
            }
            read(value, line.number, &list)
        }
        return list
    }

    private static func read(_ value: Substring, _ line: Int, _ list: inout NodeList) {
        let fields = value.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
        guard !fields.contains("ignore") else { return }
        var node = ListedNode(name: "", line: line)
        for field in fields {
            if let mac = MACAddress(looseText: field) {
                node.macs.append(mac)
            } else if let address = IPv4Address(field) {
                node.address = address
            } else if field.contains("."), field.allSatisfy({ $0.isNumber || $0 == "." }) {
                list.refuse(line, "`\(field)` is no IPv4 address")
                return
            } else if let tag = Self.value(of: field, after: ["set:", "net:"]) {
                node.groups.append(String(tag))
            } else if field.contains("*"), !field.hasPrefix("id:") {
                list.refuse(line, "`\(field)` stands for many MAC addresses, and a node has its own")
                return
            } else if node.name.isEmpty, isName(field) {
                node.name = .nodeName(field)
            }
        }
        guard !node.name.isEmpty, !node.macs.isEmpty else {
            list.refuse(line, "dhcp-host without \(node.name.isEmpty ? "a name" : "a MAC address")")
            return
        }
        list.nodes.append(node)
    }

    private static func value(of field: Substring, after prefixes: [String]) -> Substring? {
        prefixes.first { field.hasPrefix($0) }.map { field.dropFirst($0.count) }
    }

    /// Neither `id:…` or `tag:…`, nor an IPv6 address in brackets, nor a lease time such as `12h` or `infinite`.
    private static func isName(_ field: Substring) -> Bool {
        guard let first = field.first, first != "[", !field.contains(":"), field != "infinite" else { return false }
        let isTime =
            field.dropLast().allSatisfy(\.isNumber) && field.last.map { $0.isNumber || "smhdw".contains($0) } ?? false
        return !isTime
    }
}
