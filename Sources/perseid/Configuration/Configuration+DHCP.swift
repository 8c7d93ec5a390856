import BootPolicy
import BootProtocols
import DHCPService
import Registry

extension Configuration {
    /// - Parameter files: names of the loaders that are there.
    func firmware(files: Set<String>) -> FirmwarePolicy {
        FirmwarePolicy(loader: loader, files: files, binlClients: binl)
    }

    /// The settings of a proxy at this address.
    func proxySettings(address: IPv4Address, subnet: IPv4Subnet, firmware: FirmwarePolicy) -> ProxyDHCPSettings {
        var settings = ProxyDHCPSettings(
            serverAddress: address, subnet: subnet, httpPort: httpPort, firmware: firmware)
        settings.firmwareHTTPSPort = firmwareHTTPSPort
        return settings
    }

    /// The settings of the DHCP server at this address.
    /// - Parameters:
    ///   - nodes: of the registry; those that have an address are reservations.
    func dhcpSettings(
        address: IPv4Address, subnet: IPv4Subnet, firmware: FirmwarePolicy = FirmwarePolicy(), nodes: [AddressedNode]
    ) throws(Failure) -> DHCPSettings {
        var settings = DHCPSettings(
            serverAddress: address, subnet: subnet, httpPort: httpPort,
            firmware: firmware, isAuthoritative: authoritative,
            forcesBroadcast: broadcast)
        settings.firmwareHTTPSPort = firmwareHTTPSPort
        settings.link = DHCPSubnet(
            subnet, pools: pools.map { $0.map { DHCPPool($0) } }, router: router, nameServers: dns, domain: domain,
            leaseTimes: leaseTimes(DHCPSections.LeaseTimes()), sharedNetwork: sections.sharedNetwork)
        for section in sections.subnets {
            guard section.subnet == subnet else {
                settings.subnets.append(self.subnet(section))
                continue
            }
            guard pools == nil, router == nil else {
                throw .invalid(
                    key: "subnets", value: "\(subnet)", expected: "no pool and router at the top of the file beside it",
                    from: section.origin)
            }
            settings.link = self.subnet(section)
        }
        settings.options = sections.options
        settings.groups = sections.groups
        settings.reservations = sections.reservations
        settings.nodes = Self.reservations(of: nodes)
        return settings
    }

    /// A subnet of the list: names, DNS and times that it leaves out are those of the top of the file.
    private func subnet(_ section: DHCPSections.Subnet) -> DHCPSubnet {
        DHCPSubnet(
            section.subnet, pools: section.pools, router: section.router, nameServers: section.nameServers ?? dns,
            domain: section.domain ?? domain, leaseTimes: leaseTimes(section.leases), options: section.options,
            sharedNetwork: section.sharedNetwork)
    }

    private func leaseTimes(_ section: DHCPSections.LeaseTimes) -> DHCPLeaseTimes {
        let bootp = section.bootp ?? sections.leases.bootp
        return DHCPLeaseTimes(
            standard: section.standard ?? leaseSeconds,
            // Bounds of the top belong to the time of the top.
            minimum: section.minimum ?? (section.standard == nil ? sections.leases.minimum : nil),
            maximum: section.maximum ?? (section.standard == nil ? sections.leases.maximum : nil),
            bootp: bootp == DHCPLeaseTimes.forever ? nil : bootp)
    }

    /// The addresses that nodes have by the registry.
    static func reservations(of nodes: [AddressedNode]) -> [DHCPReservation] {
        nodes.flatMap { node in
            let interfaces = [NodeInterface(mac: node.mac, address: node.address)] + node.interfaces
            return interfaces.compactMap { interface in
                interface.address.map {
                    DHCPReservation(.mac(interface.mac), address: $0, origin: "node \(node.name)")
                }
            }
        }
    }
}
