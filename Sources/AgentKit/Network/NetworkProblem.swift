package import BootProtocols
package import PacketIO

/// Why the node has no network yet.
package enum NetworkProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// `seen`: the interfaces that there are.
    case noInterface(MACAddress?, seen: [String])
    case noCarrier([String], seconds: Int64)
    case noLease(String, String)
    case system(String, SystemError)

    package var description: String {
        switch self {
        case .noInterface(let mac?, let seen):
            "no network card has the MAC address \(mac) that the boot script names; "
                + (seen.isEmpty
                    ? "none was found at all: stage 1 may lack its driver" : "found: \(seen.joined(separator: ", "))")
        case .noInterface(nil, _): "no network card was found: stage 1 may lack its driver"
        case .noCarrier(let names, let seconds):
            "no carrier on \(names.joined(separator: ", ")) after \(seconds) s: check cable and switch port"
        case .noLease(let name, let reason): "no address on \(name): \(reason)"
        case .system(let what, let error): "\(what): \(error)"
        }
    }

    /// Another program speaks DHCP on this machine and holds port 68.
    package var isPortTaken: Bool {
        if case .system(_, let error) = self { return error.isAddressInUse }
        return false
    }
}
