public import BootProtocols

/// What one machine is given by name: an address that nobody else gets, a host name, groups and options.
public struct DHCPReservation: Hashable, Sendable {
    /// What a machine is known by in its messages. The first that fits counts, in this order.
    public enum Key: Hashable, Sendable {
        case mac(MACAddress)
        /// Option 97: the sixteen bytes of the UUID as they are sent (RFC 4578, 2.3).
        case machine([UInt8])
        /// Option 61, with its type byte (RFC 2132, 9.14).
        case clientIdentifier([UInt8])
        /// Option 82: circuit-id and remote-id, or one of them (RFC 3046, 3).
        case circuit(id: [UInt8]?, remote: [UInt8]?)
    }

    public var key: Key
    /// In any subnet that is served, in a pool or not.
    public var address: IPv4Address?
    /// Option 12; it counts before the name of the node.
    public var hostName: String?
    /// Names of groups: of an option that several have, the first group's counts.
    public var groups: [String]
    /// They count before all others.
    public var options: [DHCPOptionSetting]
    /// Where it was made, for errors: `reservations[2]`, `node n001`.
    public var origin: String

    public init(
        _ key: Key, address: IPv4Address? = nil, hostName: String? = nil, groups: [String] = [],
        options: [DHCPOptionSetting] = [], origin: String
    ) {
        self.key = key
        self.address = address
        self.hostName = hostName
        self.groups = groups
        self.options = options
        self.origin = origin
    }
}

extension DHCPReservation.Key: CustomStringConvertible {
    public var description: String {
        switch self {
        case .mac(let mac): "mac \(mac)"
        case .machine(let bytes): "uuid \(ClientMachine(bytes: bytes[...])?.description ?? Self.hex(bytes))"
        case .clientIdentifier(let bytes): "client-id \(Self.hex(bytes))"
        case .circuit(let id, let remote):
            [id.map { "circuit-id \(Self.text($0))" }, remote.map { "remote-id \(Self.text($0))" }]
                .compactMap { $0 }.joined(separator: " and ")
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String { "hex:" + bytes.map(hexText).joined() }

    /// Switches put words into circuit-ids as often as numbers.
    private static func text(_ bytes: [UInt8]) -> String {
        bytes.allSatisfy { (0x20..<0x7f).contains($0) } ? String(decoding: bytes, as: UTF8.self) : hex(bytes)
    }
}

/// Options for a set of machines.
public struct DHCPGroup: Hashable, Sendable {
    public var name: String
    /// They count after a machine's own and before those of its subnet.
    public var options: [DHCPOptionSetting]

    public init(name: String, options: [DHCPOptionSetting]) {
        self.name = name
        self.options = options
    }
}
