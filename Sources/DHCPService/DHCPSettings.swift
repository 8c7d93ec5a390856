public import BootPolicy
public import BootProtocols

/// What the DHCP server serves, on one interface: the subnet of that interface, and others by relay agents.
public struct DHCPSettings: Hashable, Sendable {
    /// This server's address in the interface's subnet: server identifier, next server, and host of the URLs.
    public var serverAddress: IPv4Address
    /// The interface's own subnet.
    public var link: DHCPSubnet
    /// Further subnets, which relay agents ask for.
    public var subnets: [DHCPSubnet] = []
    /// Options for all; those of a subnet, a group or a machine count before them.
    public var options: [DHCPOptionSetting] = []
    public var groups: [DHCPGroup] = []
    /// A conflict among them is an error.
    public var reservations: [DHCPReservation] = []
    /// Reservations of the registry's nodes, by MAC. One that contradicts the rest is left out, and told of: a mistake
    /// in one node's row must not keep a cluster from booting.
    public var nodes: [DHCPReservation] = []
    /// TCP port of the boot plane's HTTP.
    public var httpPort: UInt16
    /// TCP port of the boot plane under TLS, where firmware's HTTP boot is sent there; nil: it gets plain HTTP.
    public var firmwareHTTPSPort: UInt16?
    /// What firmware is given.
    public var firmware: FirmwarePolicy
    /// This is the subnet's only DHCP server: clients with a wrong address are told so (RFC 2131, 4.3.2).
    public var isAuthoritative: Bool
    /// Broadcast even to clients that take unicast: for switches and drivers that lose it.
    public var forcesBroadcast: Bool

    /// Settings for the interface's subnet alone.
    /// - Parameters:
    ///   - pool: addresses to give. Nil: all hosts of the subnet, or the first 2^20 of them.
    ///   - leaseSeconds: how long an address is held after an ACK, at least 60.
    public init(
        serverAddress: IPv4Address, subnet: IPv4Subnet, pool: ClosedRange<IPv4Address>? = nil,
        leaseSeconds: UInt32 = 3600, router: IPv4Address? = nil, nameServers: [IPv4Address] = [],
        domain: String? = nil, httpPort: UInt16, firmware: FirmwarePolicy = FirmwarePolicy(),
        isAuthoritative: Bool = true,
        forcesBroadcast: Bool = false
    ) {
        self.serverAddress = serverAddress
        link = DHCPSubnet(
            subnet, pools: pool.map { [DHCPPool($0)] }, router: router, nameServers: nameServers, domain: domain,
            leaseTimes: DHCPLeaseTimes(standard: leaseSeconds))
        self.httpPort = httpPort
        self.firmware = firmware
        self.isAuthoritative = isAuthoritative
        self.forcesBroadcast = forcesBroadcast
    }

    /// The interface's own subnet.
    public var subnet: IPv4Subnet { link.subnet }

    /// One line of what is served, for logs: `2 subnets, 7 reservations`.
    public var words: String {
        let (subnets, reserved) = (subnets.count + 1, reservations.count + nodes.count)
        return (subnets == 1 ? "\(subnet)" : "\(subnets) subnets")
            + (reserved == 0 ? "" : reserved == 1 ? ", 1 reservation" : ", \(reserved) reservations")
    }

    var bootServer: BootServer {
        BootServer(address: serverAddress, httpPort: httpPort, firmwareHTTPSPort: firmwareHTTPSPort)
    }

    /// Addresses that a pool may have.
    public static let largestPool: UInt32 = 1 << 20
    /// Subnets that may be served.
    public static let mostSubnets = 4096

    /// Whether all this can be served.
    /// - Returns: what is wrong with reservations of nodes, which are left out.
    /// - Throws: the first thing that is wrong with all else.
    public func check() throws(DHCPSettingsError) -> [DHCPSettingsError] { try ServedNetwork(self).leftOut }
}
