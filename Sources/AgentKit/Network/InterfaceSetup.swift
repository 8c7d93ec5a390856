internal import BootProtocols
internal import CLinux
internal import Glibc
package import PacketIO

/// Changes an interface (netdevice(7), route(7)).
package enum InterfaceSetup {
    /// Switches an interface on or off.
    package static func setUp(_ name: String, _ up: Bool) throws(SystemError) {
        let socket = try controlSocket()
        try systemCall("SIOCSIFFLAGS", name) { perseid_interface_set_up(socket.raw, name, up ? 1 : 0) }
    }

    /// Gives an interface its address, its subnet and, if there is one, the default route.
    package static func apply(_ lease: DHCPLease, to name: String) throws(SystemError) {
        let socket = try controlSocket()
        let subnet = lease.subnet
        try systemCall("SIOCSIFADDR", "\(lease.address) on \(name)") {
            perseid_interface_set_address(socket.raw, name, lease.address.value)
        }
        if let subnet {
            try systemCall("SIOCSIFNETMASK", "\(subnet.netmask) on \(name)") {
                perseid_interface_set_netmask(socket.raw, name, subnet.netmask.value)
            }
            try systemCall("SIOCSIFBRDADDR", "\(subnet.broadcast) on \(name)") {
                perseid_interface_set_broadcast(socket.raw, name, subnet.broadcast.value)
            }
        }
        guard let router = lease.router else { return }
        do throws(SystemError) {
            try systemCall("SIOCADDRT", "default route by \(router) on \(name)") {
                perseid_route_add_default(socket.raw, name, router.value)
            }
        } catch {
            // There from an earlier lease.
            guard error.code == EEXIST else { throw error }
        }
    }

    private static func controlSocket() throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try systemCall("socket") {
                socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            })
    }
}
