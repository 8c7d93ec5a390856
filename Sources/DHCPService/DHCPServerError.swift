public import PacketIO

/// Why the DHCP server cannot start.
public enum DHCPServerError: Error, Hashable, Sendable {
    /// Another process serves one of our ports.
    case portTaken(UInt16, holders: [PortHolder])
    /// Ports below 1024 and raw frames need CAP_NET_BIND_SERVICE and CAP_NET_RAW.
    case notPermitted(SystemError)
    /// The interface has no Ethernet address to send frames from.
    case notEthernet(interface: String)
    case failed(SystemError)
}

extension DHCPServerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .portTaken(let port, let holders):
            holders.isEmpty
                ? "UDP port \(port) is taken by a process that cannot be found; stop it, or serve another interface"
                : holders.map(\.description).joined(separator: "; ") + "; stop it, or serve another interface"
        case .notPermitted(let error): "\(error); start as root, or with CAP_NET_BIND_SERVICE and CAP_NET_RAW"
        case .notEthernet(let interface): "\(interface) has no Ethernet address; DHCP is served on Ethernet alone"
        case .failed(let error): error.description
        }
    }
}
