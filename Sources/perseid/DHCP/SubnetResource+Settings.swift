import BootProtocols
import ControlPlane
import DHCPService

extension SubnetResource {
    /// - Parameters:
    ///   - isLink: the interface's own subnet, all hosts of which are given where it has no pools.
    ///   - leased: the addresses that are leased now, of all subnets.
    init(_ subnet: DHCPSubnet, isLink: Bool, server: IPv4Address, leased: [IPv4Address]) {
        let ranges = subnet.pools?.map(\.range) ?? (isLink ? [subnet.subnet.hosts] : [])
        let withheld = Set([server] + [subnet.router].compactMap { $0 } + subnet.nameServers)
        let size = ranges.reduce(0) { $0 + Int($1.upperBound.value - $1.lowerBound.value) + 1 }
        self.init(
            subnet: subnet.subnet.description, ranges: ranges.map { "\($0.lowerBound)-\($0.upperBound)" },
            router: subnet.router?.description, leaseSeconds: Int(subnet.leaseTimes.standard),
            size: size - withheld.count { address in ranges.contains { $0.contains(address) } },
            leased: leased.count { address in ranges.contains { $0.contains(address) } })
    }
}

extension [ReservationResource] {
    /// Those that keep an address, by address.
    init(_ reservations: [DHCPReservation]) {
        self = reservations.compactMap { reservation in reservation.address.map { ($0, reservation) } }
            .sorted { $0.0 < $1.0 }.map { address, reservation in
                ReservationResource(
                    address: address.description, key: reservation.key.description, hostname: reservation.hostName)
            }
    }
}
