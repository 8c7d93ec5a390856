public import BootProtocols

/// A node that has addresses of its own, as far as DHCP looks at it.
public struct AddressedNode: Hashable, Sendable {
    public var mac: MACAddress
    public var name: String
    public var address: IPv4Address?
    public var interfaces: [NodeInterface]

    /// Nil for a node without an address.
    public init?(_ node: Node) {
        guard node.address != nil || node.interfaces.contains(where: { $0.address != nil }) else { return nil }
        mac = node.mac
        name = node.name
        address = node.address
        interfaces = node.interfaces
    }
}
