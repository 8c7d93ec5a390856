import BootPolicy
import BootProtocols
import DHCPService
import Registry

extension DHCPRole {
    /// What the configuration wants; nil: no DHCP.
    /// - Parameters:
    ///   - files: names of the loaders that are there.
    ///   - nodes: of the registry; those that have an address are reservations.
    init?(
        _ configuration: Configuration, _ network: BootNetwork, files: Set<String>, leases: [Lease],
        nodes: [AddressedNode], verdict: @escaping @Sendable (MACAddress) -> NodeVerdict
    ) throws {
        let firmware = configuration.firmware(files: files)
        switch configuration.dhcp {
        case .off: return nil
        case .proxy:
            let settings = configuration.proxySettings(
                address: network.address, subnet: network.subnet, firmware: firmware)
            self.init(ProxyDHCPMachine(settings: settings, verdict: verdict))
        case .server:
            let settings = try configuration.dhcpSettings(
                address: network.address, subnet: network.subnet, firmware: firmware, nodes: nodes)
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
