import BootProtocols
import Glibc
import PacketIO

/// The network that is served: an interface with an address of ours.
struct BootNetwork {
    let interface: NetworkInterface
    let address: IPv4Address
    let subnet: IPv4Subnet

    enum Failure: Error, CustomStringConvertible {
        case noAddress(String)

        var description: String {
            switch self {
            case .noAddress(let name):
                "\(name) has no IPv4 address, so there is no network to serve; give it one, such as "
                    + "`ip address add 10.0.0.1/24 dev \(name)`"
            }
        }
    }

    init(interface name: String) throws {
        interface = try NetworkInterface.named(name)
        guard let first = interface.addresses.first, let subnet = first.subnet else { throw Failure.noAddress(name) }
        address = first.address
        self.subnet = subnet
    }

    /// Fails where the boot plane's TCP port is taken. Asked while there still is the right to see whose it is; the
    /// server itself listens without any.
    func requireFree(tcpPort port: UInt16) throws {
        let probe = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) }
        )
        var yes: Int32 = 1
        setsockopt(probe.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.value.bigEndian
        try systemCall("bind", "port \(port) on \(address)") {
            withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(probe.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        try systemCall("listen", "port \(port) on \(address)") { listen(probe.raw, 1) }
    }
}
