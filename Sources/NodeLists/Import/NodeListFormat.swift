import BootProtocols
import Registry

/// A form in which a list of machines is read.
public enum NodeListFormat: String, CaseIterable, Sendable {
    /// `00:1a:2b:3c:4d:5e n001`, as ethers(5) and Perceus have it.
    case ethers
    /// `00:1a:2b:3c:4d:5e # n001`
    case macs
    /// A table with a line of column names, as Perceus prints its nodes.
    case perceus
    /// Warewulf 4's nodes.conf.
    case warewulf
    /// `dhcp-host=` lines of dnsmasq.
    case dnsmasq
    /// ISC dhcpd.conf: its `host` declarations.
    case dhcpd
    /// Comma-separated, with a line of column names.
    case csv

    /// Reads a list whole: all machines, all problems. Nothing in it makes this fail otherwise.
    public func read(_ text: String) -> NodeList {
        var list =
            switch self {
            case .ethers: EthersList.read(text)
            case .macs: MACList.read(text)
            case .perceus: ColumnList.readTable(text)
            case .warewulf: WarewulfList.read(text)
            case .dnsmasq: DnsmasqList.read(text)
            case .dhcpd: DHCPDList.read(text)
            case .csv: ColumnList.readCSV(text)
            }
        list.checkAgainstItself()
        return list
    }

    /// The form that a list most likely has; nil where it could be any.
    public static func guess(_ text: String, fileName: String) -> NodeListFormat? {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.prefix(50)
        if fileName.hasSuffix(".csv") { return .csv }
        if lines.contains(where: { $0.hasPrefix("dhcp-host=") }) { return .dnsmasq }
        if lines.contains(where: { $0.contains("hardware ethernet") }) { return .dhcpd }
        if lines.contains(where: { $0.hasPrefix("nodeprofiles:") || $0.hasPrefix("nodes:") }) { return .warewulf }
        guard let first = lines.first else { return nil }
        let words = first.split(whereSeparator: \.isWhitespace)
        if words.first.map({ ColumnList.isMAC($0) }) == true { return words.dropFirst().first == "#" ? .macs : .ethers }
        let heading = first.prefix { $0 != "," && !$0.isWhitespace }
        if ColumnList.Column(String(heading)) != nil { return first.contains(",") ? .csv : .perceus }
        return nil
    }
}

extension NodeList {
    /// Finds what is in the list twice, and names that are no host names.
    mutating func checkAgainstItself() {
        var names: [String: Int] = [:]
        var macs: [String: (name: String, line: Int)] = [:]
        var addresses: [String: (name: String, line: Int)] = [:]
        for node in nodes {
            if let first = names.updateValue(node.line, forKey: node.name) {
                refuse(node.line, "the name \(node.name) is in line \(first) already")
            }
            for mac in node.macs {
                if mac.isMulticast || mac.value == 0 { refuse(node.line, "\(mac) is no machine's MAC address") }
                if let first = macs.updateValue((node.name, node.line), forKey: mac.description) {
                    refuse(node.line, "\(node.name): the MAC address \(mac) is \(first.name)'s, line \(first.line)")
                }
            }
            if let address = node.address,
                let first = addresses.updateValue((node.name, node.line), forKey: address.description)
            {
                refuse(node.line, "\(node.name): the address \(address) is \(first.name)'s, line \(first.line)")
            }
            if !NodeName.isValid(node.name) {
                refuse(node.line, "`\(node.name)` is no host name: 1 to 63 of a-z, 0-9 and inner hyphens")
            }
        }
        problems.sort { $0.line < $1.line }
    }
}
