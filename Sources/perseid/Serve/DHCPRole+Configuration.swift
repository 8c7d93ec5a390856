import BootPolicy
import BootProtocols
import DHCPService
import Registry

extension DHCPRole {
    /// What the configuration wants; nil: no DHCP.
    /// - Parameter files: names of the loaders that are there.
    init?(
        _ configuration: Configuration, _ network: BootNetwork, files: Set<String>, leases: [Lease],
        verdict: @escaping @Sendable (MACAddress) -> NodeVerdict
    ) throws(DHCPSettingsError) {
        let firmware = FirmwarePolicy(loader: configuration.loader, files: files, binlClients: configuration.binl)
        switch configuration.dhcp {
        case .off: return nil
        case .proxy:
            let settings = ProxyDHCPSettings(
                serverAddress: network.address, subnet: network.subnet, httpPort: configuration.httpPort,
                firmware: firmware)
            self.init(ProxyDHCPMachine(settings: settings, verdict: verdict))
        case .server:
            let settings = DHCPSettings(
                serverAddress: network.address, subnet: network.subnet, pool: configuration.pool,
                leaseSeconds: configuration.leaseSeconds, router: configuration.router, nameServers: configuration.dns,
                domain: configuration.domain, httpPort: configuration.httpPort, firmware: firmware)
            self.init(try DHCPMachine(settings: settings, leases: leases, verdict: verdict))
        }
    }
}

extension DHCPMode {
    /// As the log's line of what is served has it.
    var words: String {
        switch self {
        case .server: "DHCP"
        case .proxy: "proxy DHCP"
        case .off: "no DHCP"
        }
    }
}
