public import BootProtocols

/// One subnet that is served: its addresses, and what its clients are told of their network.
public struct DHCPSubnet: Hashable, Sendable {
    public var subnet: IPv4Subnet
    /// Addresses to give. Nil: of the interface's own subnet all hosts, or the first 2^20 of them; of another none but
    /// those that are reserved.
    public var pools: [DHCPPool]?
    public var router: IPv4Address?
    /// DNS servers, by preference.
    public var nameServers: [IPv4Address]
    public var domain: String?
    public var leaseTimes: DHCPLeaseTimes
    /// They count before those of the server and after those of a group.
    public var options: [DHCPOptionSetting]
    /// Subnets of one name are on one link: a client there gets an address from any of them, first from the one that
    /// its relay agent names.
    public var sharedNetwork: String?

    public init(
        _ subnet: IPv4Subnet, pools: [DHCPPool]? = nil, router: IPv4Address? = nil, nameServers: [IPv4Address] = [],
        domain: String? = nil, leaseTimes: DHCPLeaseTimes = DHCPLeaseTimes(), options: [DHCPOptionSetting] = [],
        sharedNetwork: String? = nil
    ) {
        self.subnet = subnet
        self.pools = pools
        self.router = router
        self.nameServers = nameServers
        self.domain = domain
        self.leaseTimes = leaseTimes
        self.options = options
        self.sharedNetwork = sharedNetwork
    }
}

/// A range of addresses that are given to whoever asks.
public struct DHCPPool: Hashable, Sendable {
    public var range: ClosedRange<IPv4Address>
    /// BOOTP clients get an address of it too (RFC 1534); DHCP clients only where no other pool has one left.
    public var servesBOOTP: Bool

    public init(_ range: ClosedRange<IPv4Address>, servesBOOTP: Bool = false) {
        self.range = range
        self.servesBOOTP = servesBOOTP
    }
}

/// How long addresses are held after an ACK, in seconds.
public struct DHCPLeaseTimes: Hashable, Sendable {
    /// For clients that do not say how long they would like (option 51); at least 60.
    public var standard: UInt32
    /// The least and the most that a client is given that does say. Nil: the standard time.
    public var minimum: UInt32?
    public var maximum: UInt32?
    /// For BOOTP clients, which know no lease times. Nil: for ever.
    public var bootp: UInt32?

    /// All ones: for ever (RFC 2131, 3.3).
    public static let forever = UInt32.max

    public init(
        standard: UInt32 = 3600, minimum: UInt32? = nil, maximum: UInt32? = nil, bootp: UInt32? = nil
    ) {
        self.standard = standard
        self.minimum = minimum
        self.maximum = maximum
        self.bootp = bootp
    }

    /// What a client gets that would like `wish` seconds.
    func granted(_ wish: UInt32?) -> UInt32 {
        guard let wish else { return standard }
        return min(max(wish, minimum ?? standard), maximum ?? standard)
    }

    func check() throws(DHCPSettingsError) {
        for seconds in [standard, minimum, bootp].compactMap({ $0 }) where seconds < 60 {
            throw .leaseTooShort(seconds: seconds)
        }
        if let minimum, minimum > standard { throw .leaseTimesCrossed(minimum, "minimum", standard) }
        if let maximum, maximum < standard { throw .leaseTimesCrossed(maximum, "maximum", standard) }
    }
}
