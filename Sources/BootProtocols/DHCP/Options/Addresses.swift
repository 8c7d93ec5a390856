/// Options that hold IPv4 addresses.
extension DHCPOptions {
    /// Option 1 (RFC 2132, 3.3)
    public var subnetMask: IPv4Address? {
        get { address(.subnetMask) }
        set { set(.subnetMask, newValue?.value) }
    }

    /// Option 28 (RFC 2132, 5.3)
    public var broadcastAddress: IPv4Address? {
        get { address(.broadcastAddress) }
        set { set(.broadcastAddress, newValue?.value) }
    }

    /// Option 3: in order of preference, empty if absent (RFC 2132, 3.5).
    public var routers: [IPv4Address] {
        get { addresses(.router) }
        set { set(.router, newValue) }
    }

    /// Option 6: in order of preference, empty if absent (RFC 2132, 3.8).
    public var domainNameServers: [IPv4Address] {
        get { addresses(.domainNameServer) }
        set { set(.domainNameServer, newValue) }
    }

    /// Option 50: the address that the client would like to have (RFC 2132, 9.1).
    public var requestedAddress: IPv4Address? {
        get { address(.requestedAddress) }
        set { set(.requestedAddress, newValue?.value) }
    }

    /// Option 54: the server that an offer is from, or that a client chose (RFC 2132, 9.7). EDK2 drops
    /// replies without it.
    public var serverIdentifier: IPv4Address? {
        get { address(.serverIdentifier) }
        set { set(.serverIdentifier, newValue?.value) }
    }

    private func address(_ code: DHCPOptionCode) -> IPv4Address? {
        uint32(code).map(IPv4Address.init(value:))
    }

    private func addresses(_ code: DHCPOptionCode) -> [IPv4Address] {
        guard let value = self[code], value.count.isMultiple(of: 4) else { return [] }
        var reader = ByteReader(value)
        var addresses: [IPv4Address] = []
        while let address = reader.ipv4Address() { addresses.append(address) }
        return addresses
    }

    private mutating func set(_ code: DHCPOptionCode, _ addresses: [IPv4Address]) {
        guard !addresses.isEmpty else {
            self[code] = nil
            return
        }
        write(code) { bytes in
            for address in addresses {
                for shift in [24, 16, 8, 0] as [UInt32] {
                    bytes.append(UInt8(truncatingIfNeeded: address.value >> shift))
                }
            }
        }
    }
}
