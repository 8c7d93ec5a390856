/// A network in CIDR form (RFC 4632): a prefix and its length.
public struct IPv4Subnet: Hashable, Sendable {
    /// The network's own address: all host bits zero.
    public let network: IPv4Address
    /// 0...32
    public let prefixLength: Int

    /// The network that `address` lies in. Nil if the length is not within 0...32.
    public init?(containing address: IPv4Address, prefixLength: Int) {
        guard (0...32).contains(prefixLength) else { return nil }
        self.prefixLength = prefixLength
        network = IPv4Address(value: address.value & Self.mask(prefixLength))
    }

    /// Reads `10.0.0.0/24`; host bits that are set are refused, a typing error more often than not. The length has one
    /// spelling, without sign and leading zeros.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = Int(parts[1]),
            String(length) == parts[1]
        else { return nil }
        self.init(containing: address, prefixLength: length)
        guard network == address else { return nil }
    }

    /// `255.255.255.0` for a length of 24.
    public var netmask: IPv4Address { IPv4Address(value: Self.mask(prefixLength)) }

    /// The subnet's directed broadcast address.
    public var broadcast: IPv4Address { IPv4Address(value: network.value | ~Self.mask(prefixLength)) }

    public func contains(_ address: IPv4Address) -> Bool {
        address.value & Self.mask(prefixLength) == network.value
    }

    /// The addresses a host may have: without network and broadcast, but both of a /31 (RFC 3021).
    public var hosts: ClosedRange<IPv4Address> {
        guard prefixLength < 31 else { return network...broadcast }
        return IPv4Address(value: network.value + 1)...IPv4Address(value: broadcast.value - 1)
    }

    private static func mask(_ length: Int) -> UInt32 {
        length == 0 ? 0 : .max << UInt32(32 - length)
    }
}

extension IPv4Subnet: CustomStringConvertible {
    public var description: String { "\(network)/\(prefixLength)" }
}
