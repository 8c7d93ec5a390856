public import BootProtocols
internal import CLinux
internal import Glibc

/// The kernel's ARP table of one interface: which MAC address a neighbour has who talks to this host.
public final class NeighbourTable: Sendable {
    private let interface: String
    private let probe: FileDescriptor

    /// - Parameter interface: at most 15 bytes.
    public init(interface: String) throws(SystemError) {
        self.interface = interface
        probe = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0) })
    }

    /// The MAC address of a neighbour, nil where the kernel knows none. It asks nobody: whoever has just sent a
    /// datagram to this host has asked for its MAC first, and is known by that.
    public func mac(of address: IPv4Address) -> MACAddress? {
        var octets: [UInt8] = [0, 0, 0, 0, 0, 0]
        guard perseid_neighbour(probe.raw, interface, address.value, &octets) == 0 else { return nil }
        let mac = MACAddress(octets: octets)
        return mac?.value == 0 ? nil : mac
    }
}
