public import BootProtocols

/// Settings that cannot be served. Where two things exclude each other, both are named.
public enum DHCPSettingsError: Error, Hashable, Sendable {
    case serverOutsideSubnet(IPv4Address, IPv4Subnet)
    case routerOutsideSubnet(IPv4Address, IPv4Subnet)
    case poolOutsideSubnet(ClosedRange<IPv4Address>, IPv4Subnet)
    /// More addresses than a table in memory should hold: `DHCPSettings.largestPool`.
    case poolTooLarge(ClosedRange<IPv4Address>)
    /// Nothing is left after the addresses of server, router, DNS, network and broadcast.
    case poolEmpty(ClosedRange<IPv4Address>)
    case poolsOverlap(ClosedRange<IPv4Address>, ClosedRange<IPv4Address>)
    case subnetsOverlap(IPv4Subnet, IPv4Subnet)
    case tooManySubnets(Int)
    case leaseTooShort(seconds: UInt32)
    /// A minimum above the standard time, or a maximum below it.
    case leaseTimesCrossed(UInt32, String, UInt32)
    case domainTooLong(String)
    case groupTwice(String)
    case noSuchGroup(String, reservation: String)
    case badHostName(String, reservation: String)
    /// In no subnet that is served.
    case reservedOutside(IPv4Address, reservation: String)
    /// Of the server, a router, a DNS server, or the subnet's own.
    case reservedForOther(IPv4Address, reservation: String, use: String)
    case addressReservedTwice(IPv4Address, String, String)
    /// Two reservations for one machine.
    case machineReservedTwice(DHCPReservation.Key, String, String)
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
        case .poolsOverlap(let first, let second): "the pools \(Self.text(first)) and \(Self.text(second)) overlap"
        case .subnetsOverlap(let first, let second):
            first == second ? "the subnet \(first) is given twice" : "the subnets \(first) and \(second) overlap"
        case .tooManySubnets(let count): "\(count) subnets are more than \(DHCPSettings.mostSubnets)"
        case .leaseTooShort(let seconds): "a lease of \(seconds) s is too short; the least is 60 s"
        case .leaseTimesCrossed(let seconds, let name, let standard):
            "the \(name) lease of \(seconds) s and the standard one of \(standard) s exclude each other"
        case .domainTooLong(let name): "the domain \(name) is longer than 253 bytes"
        case .groupTwice(let name): "the group \(name) is given twice"
        case .noSuchGroup(let name, let reservation): "\(reservation): there is no group \(name)"
        case .badHostName(let name, let reservation):
            "\(reservation): `\(name)` is no host name: labels of 1 to 63 letters, digits and inner hyphens, "
                + "at most 253 bytes"
        case .reservedOutside(let address, let reservation):
            "\(reservation): the address \(address) is in none of the subnets that are served"
        case .reservedForOther(let address, let reservation, let use):
            "\(reservation): the address \(address) is \(use)"
        case .addressReservedTwice(let address, let first, let second):
            "the address \(address) is reserved twice: by \(first) and by \(second)"
        case .machineReservedTwice(let key, let first, let second):
            "\(key) has two reservations: \(first) and \(second)"
        case .serverMoved(let old, let new):
            "the server's address \(old) cannot become \(new) while it runs; restart it"
        }
    }

    static func text(_ pool: ClosedRange<IPv4Address>) -> String { "\(pool.lowerBound)-\(pool.upperBound)" }
}
