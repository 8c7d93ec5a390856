public import BootProtocols

/// Nodes defined by counting: `n001` … `n100` with addresses that count along.
public struct NodeRange: Hashable, Sendable {
    public var base: String
    /// The first number.
    public var start: UInt64
    public var count: UInt64
    /// Digits that the numbers are padded to with zeros; 0: none.
    public var digits: Int
    public var firstAddress: IPv4Address?
    /// The subnet that all addresses must be in, where it is known.
    public var subnet: IPv4Subnet?
    /// Never given to a node.
    public var gateway: IPv4Address?

    public init(
        base: String, start: UInt64 = 1, count: UInt64, digits: Int = 0, firstAddress: IPv4Address? = nil,
        subnet: IPv4Subnet? = nil, gateway: IPv4Address? = nil
    ) {
        self.base = base
        self.start = start
        self.count = count
        self.digits = digits
        self.firstAddress = firstAddress
        self.subnet = subnet
        self.gateway = gateway
    }

    /// The nodes, without MAC addresses, or everything that stands in the way of them.
    ///
    /// An address that is the gateway, or the subnet's first or last, is no node's: the range does not step over it,
    /// so that number and address keep in step.
    public func nodes() -> NodeList {
        var list = NodeList()
        guard (1...NodePattern.largest).contains(count) else {
            list.refuse(1, "a count of \(count); 1 to \(NodePattern.largest) are possible")
            return list
        }
        let (last, overflows) = start.addingReportingOverflow(count - 1)
        guard !overflows, String(last).utf8.count <= NumberRange.longest else {
            list.refuse(1, "numbers from \(start) on: \(count) of them run over \(NumberRange.longest) digits")
            return list
        }
        if digits > 0, String(last).utf8.count > digits {
            list.refuse(1, "\(last) has more than the \(digits) digits that names are padded to")
        }
        for offset in 0..<count {
            let number = String(start + offset)
            let name = base + String(repeating: "0", count: max(0, digits - number.utf8.count)) + number
            var node = ListedNode(name: name, line: Int(offset) + 1)
            if let firstAddress { node.address = address(firstAddress, offset, name, &list) }
            list.nodes.append(node)
        }
        list.checkAgainstItself()
        return list
    }

    private func address(
        _ first: IPv4Address, _ offset: UInt64, _ name: String, _ list: inout NodeList
    ) -> IPv4Address? {
        let line = Int(offset) + 1
        guard let value = UInt32(exactly: UInt64(first.value) + offset) else {
            list.refuse(line, "\(name) would have an address beyond 255.255.255.255")
            return nil
        }
        let address = IPv4Address(value: value)
        if let subnet, !subnet.hosts.contains(address) {
            list.refuse(line, "\(name) would have \(address), which is no host's address in \(subnet)")
        }
        if address == gateway { list.refuse(line, "\(name) would have \(address), the gateway's address") }
        return address
    }
}
