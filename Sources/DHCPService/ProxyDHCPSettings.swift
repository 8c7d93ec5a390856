public import BootPolicy
public import BootProtocols

/// What a proxy DHCP server needs to know: it gives no addresses.
public struct ProxyDHCPSettings: Hashable, Sendable {
    /// This server's address: server identifier, next server, and host of the URLs.
    public var serverAddress: IPv4Address
    /// The network of its interface. Others are reached by relay.
    public var subnet: IPv4Subnet
    /// TCP port of the boot plane's HTTP.
    public var httpPort: UInt16
    /// TCP port of the boot plane under TLS, where firmware's HTTP boot is sent there; nil: it gets plain HTTP.
    public var firmwareHTTPSPort: UInt16?
    /// What firmware is given.
    public var firmware: FirmwarePolicy

    public init(
        serverAddress: IPv4Address, subnet: IPv4Subnet, httpPort: UInt16, firmware: FirmwarePolicy = FirmwarePolicy()
    ) {
        self.serverAddress = serverAddress
        self.subnet = subnet
        self.httpPort = httpPort
        self.firmware = firmware
    }
}
