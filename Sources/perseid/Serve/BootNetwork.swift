import BootProtocols
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
}
