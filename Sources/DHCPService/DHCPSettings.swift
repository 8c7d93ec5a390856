public import BootPolicy
public import BootProtocols

/// What the DHCP server serves: one subnet, on one interface.
public struct DHCPSettings: Hashable, Sendable {
    /// This server's address in the subnet: server identifier, next server, and host of the URLs.
    public var serverAddress: IPv4Address
    public var subnet: IPv4Subnet
    /// Addresses to give. Nil: all hosts of the subnet, or the first 2^20 of them.
    public var pool: ClosedRange<IPv4Address>?
    /// How long an address is held after an ACK, in seconds, at least 60.
    public var leaseSeconds: UInt32
    public var router: IPv4Address?
    /// DNS servers, by preference.
    public var nameServers: [IPv4Address]
    public var domain: String?
    /// TCP port of the boot plane's HTTP.
    public var httpPort: UInt16
    /// What firmware is given first.
    public var loader: BootLoader
    /// This is the subnet's only DHCP server: clients with a wrong address are told so (RFC 2131, 4.3.2).
    public var isAuthoritative: Bool
    /// Broadcast even to clients that take unicast: for switches and drivers that lose it.
    public var forcesBroadcast: Bool

    public init(
        serverAddress: IPv4Address, subnet: IPv4Subnet, pool: ClosedRange<IPv4Address>? = nil,
        leaseSeconds: UInt32 = 3600, router: IPv4Address? = nil, nameServers: [IPv4Address] = [],
        domain: String? = nil, httpPort: UInt16, loader: BootLoader = .ipxe, isAuthoritative: Bool = true,
        forcesBroadcast: Bool = false
    ) {
        self.serverAddress = serverAddress
        self.subnet = subnet
        self.pool = pool
        self.leaseSeconds = leaseSeconds
        self.router = router
        self.nameServers = nameServers
        self.domain = domain
        self.httpPort = httpPort
        self.loader = loader
        self.isAuthoritative = isAuthoritative
        self.forcesBroadcast = forcesBroadcast
    }

    var bootServer: BootServer { BootServer(address: serverAddress, httpPort: httpPort) }
}

/// Settings that cannot be served.
public enum DHCPSettingsError: Error, Hashable, Sendable {
    case serverOutsideSubnet(IPv4Address, IPv4Subnet)
    case routerOutsideSubnet(IPv4Address, IPv4Subnet)
    case poolOutsideSubnet(ClosedRange<IPv4Address>, IPv4Subnet)
    /// More addresses than a table in memory should hold: `DHCPSettings.largestPool`.
    case poolTooLarge(ClosedRange<IPv4Address>)
    /// Nothing is left after the addresses of server, router, DNS, network and broadcast.
    case poolEmpty(ClosedRange<IPv4Address>)
    case leaseTooShort(seconds: UInt32)
    case domainTooLong(String)
    /// The server's address changed under it: that takes a restart.
    case serverMoved(from: IPv4Address, to: IPv4Address)
}

extension DHCPSettingsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .serverOutsideSubnet(let address, let subnet): "the server's address \(address) is not in \(subnet)"
        case .routerOutsideSubnet(let address, let subnet): "the router \(address) is not in \(subnet)"
        case .poolOutsideSubnet(let pool, let subnet): "the pool \(Self.text(pool)) is not within \(subnet)"
        case .poolTooLarge(let pool): "the pool \(Self.text(pool)) has more than \(DHCPSettings.largestPool) addresses"
        case .poolEmpty(let pool): "the pool \(Self.text(pool)) has no address for clients"
        case .leaseTooShort(let seconds): "a lease of \(seconds) s is too short; the least is 60 s"
        case .serverMoved(let old, let new):
            "the server's address \(old) cannot become \(new) while it runs; restart it"
        case .domainTooLong(let name): "the domain \(name) is longer than 253 bytes"
        }
    }

    static func text(_ pool: ClosedRange<IPv4Address>) -> String { "\(pool.lowerBound)-\(pool.upperBound)" }
}

extension DHCPSettings {
    /// Addresses that a pool may have.
    public static let largestPool: UInt32 = 1 << 20

    /// The addresses to give, which `withheld` still has holes in.
    func checkedPool() throws(DHCPSettingsError) -> ClosedRange<IPv4Address> {
        guard subnet.contains(serverAddress) else { throw .serverOutsideSubnet(serverAddress, subnet) }
        if let router, !subnet.contains(router) { throw .routerOutsideSubnet(router, subnet) }
        guard leaseSeconds >= 60 else { throw .leaseTooShort(seconds: leaseSeconds) }
        if let domain, domain.utf8.count > 253 { throw .domainTooLong(domain) }
        let range = try pool.map { pool throws(DHCPSettingsError) in try checked(pool) } ?? derivedPool
        let withheldInside = withheld.count { range.contains($0) }
        guard UInt64(range.upperBound.value - range.lowerBound.value) + 1 > UInt64(withheldInside) else {
            throw .poolEmpty(range)
        }
        return range
    }

    /// Addresses that are never given, whatever the pool says.
    var withheld: Set<IPv4Address> {
        var addresses = Set(nameServers + [serverAddress])
        if let router { addresses.insert(router) }
        if subnet.prefixLength < 31 { addresses.formUnion([subnet.network, subnet.broadcast]) }
        return addresses
    }

    private func checked(_ pool: ClosedRange<IPv4Address>) throws(DHCPSettingsError) -> ClosedRange<IPv4Address> {
        guard subnet.contains(pool.lowerBound), subnet.contains(pool.upperBound) else {
            throw .poolOutsideSubnet(pool, subnet)
        }
        guard pool.upperBound.value - pool.lowerBound.value < Self.largestPool else { throw .poolTooLarge(pool) }
        return pool
    }

    private var derivedPool: ClosedRange<IPv4Address> {
        let hosts = subnet.hosts
        let size = min(hosts.upperBound.value - hosts.lowerBound.value, Self.largestPool - 1)
        return hosts.lowerBound...IPv4Address(value: hosts.lowerBound.value + size)
    }
}
