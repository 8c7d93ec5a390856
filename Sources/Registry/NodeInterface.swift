public import BootProtocols

/// A network interface of a node beside the one that it is keyed by.
public struct NodeInterface: Codable, Hashable, Sendable {
    public var mac: MACAddress
    /// As the operating system has it: `ib0`.
    public var name: String?
    /// The address that DHCP gives it, and nobody else.
    public var address: IPv4Address?

    public init(mac: MACAddress, name: String? = nil, address: IPv4Address? = nil) {
        self.mac = mac
        self.name = name
        self.address = address
    }

    /// Reads `MAC`, `MAC/NAME` or `MAC/NAME/ADDRESS`; the name may be empty.
    public init(text: String) throws(InvalidValue) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let mac = parts.first, parts.count <= 3 else {
            throw InvalidValue(text, expected: "interface: write MAC, MAC/NAME or MAC/NAME/ADDRESS")
        }
        self.mac = try .validated(mac)
        if parts.count > 1, !parts[1].isEmpty {
            // linux/if.h: IFNAMSIZ is 16, with the NUL.
            let isName = parts[1].utf8.count <= 15 && parts[1].utf8.allSatisfy { (0x21...0x7e).contains($0) }
            guard isName, !parts[1].contains(",") else {
                throw InvalidValue(parts[1], expected: "interface's name of at most 15 characters")
            }
            name = parts[1]
        }
        if parts.count > 2 { address = try .validated(parts[2]) }
    }

    public var text: String {
        guard name != nil || address != nil else { return mac.description }
        return "\(mac)/\(name ?? "")\(address.map { "/\($0)" } ?? "")"
    }
}
