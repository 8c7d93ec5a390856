import BootProtocols
import ControlPlane
import Registry

extension [LeaseResource] {
    /// Leases of the registry, by address.
    init(_ leases: [Lease], all: Bool, at now: Int64, name: (MACAddress) -> String?) {
        self = leases.filter { all || $0.expires > now }.sorted { $0.address < $1.address }.map { lease in
            LeaseResource(
                address: lease.address.description, mac: lease.mac.description, node: name(lease.mac),
                expires: lease.expires, state: lease.expires > now ? .active : .expired)
        }
    }
}
