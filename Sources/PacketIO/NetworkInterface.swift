public import BootProtocols
internal import CLinux
internal import Glibc

/// A network interface of this host as it was when asked for.
public struct NetworkInterface: Hashable, Sendable {
    public var name: String
    /// The kernel's number for it, 1 or more.
    public var index: UInt32
    /// Nil for links without Ethernet addresses.
    public var mac: MACAddress?
    /// Largest IP datagram in bytes.
    public var mtu: Int
    /// Switched on by the administrator.
    public var isUp: Bool
    /// A cable with a live other end (the kernel's "running").
    public var hasCarrier: Bool
    public var isLoopback: Bool
    /// Its IPv4 addresses in the kernel's order.
    public var addresses: [Address]

    /// An address and the subnet it is in.
    public struct Address: Hashable, Sendable {
        public var address: IPv4Address
        /// 0...32
        public var prefixLength: Int

        /// The subnet, or nil if `prefixLength` is not within 0...32.
        public var subnet: IPv4Subnet? { IPv4Subnet(containing: address, prefixLength: prefixLength) }
    }

    /// All interfaces of the caller's network namespace, by index.
    public static func all() throws(SystemError) -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        try systemCall("getifaddrs") { getifaddrs(&list) }
        defer { freeifaddrs(list) }
        let probe = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0) })
        var found: [String: NetworkInterface] = [:]
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let rawName = entry.ifa_name else { continue }
            let name = interfaceName(rawName)
            if found[name] == nil {
                found[name] = NetworkInterface(name: name, flags: entry.ifa_flags, probe: probe.raw)
            }
            found[name]?.take(entry.ifa_addr, mask: entry.ifa_netmask)
        }
        // Index 0: it went away while we were looking.
        return found.values.filter { $0.index != 0 }.sorted { $0.index < $1.index }
    }

    /// The interface called `name`. An unknown one ends in ENODEV with those that exist in the text.
    public static func named(_ name: String) throws(SystemError) -> NetworkInterface {
        let known = try all()
        if let match = known.first(where: { $0.name == name }) { return match }
        let names = known.map(\.name).joined(separator: ", ")
        throw SystemError(
            call: "getifaddrs", code: ENODEV, context: "no interface \(name); this host has \(names)")
    }

    private init(name: String, flags: UInt32, probe: Int32) {
        self.name = name
        index = if_nametoindex(name)
        mtu = Int(max(0, perseid_interface_mtu(probe, name)))
        isUp = flags & UInt32(IFF_UP) != 0
        hasCarrier = flags & UInt32(IFF_RUNNING) != 0
        isLoopback = flags & UInt32(IFF_LOOPBACK) != 0
        addresses = []
    }

    private mutating func take(_ address: UnsafeMutablePointer<sockaddr>?, mask: UnsafeMutablePointer<sockaddr>?) {
        guard let address else { return }
        var octets = [UInt8](repeating: 0, count: 6)
        if perseid_link_address(address, &octets) == 1 {
            mac = MACAddress(octets: octets)
        } else if let ip = ipv4(address) {
            let bits = mask.flatMap { ipv4($0) } ?? .broadcast
            addresses.append(Address(address: ip, prefixLength: bits.value.nonzeroBitCount))
        }
    }
}

/// An alias such as `eth0:1` belongs to `eth0`.
private func interfaceName(_ raw: UnsafePointer<CChar>) -> String {
    let label = String(cString: raw)
    return label.split(separator: ":", maxSplits: 1).first.map(String.init) ?? label
}

private func ipv4(_ address: UnsafeMutablePointer<sockaddr>) -> IPv4Address? {
    guard address.pointee.sa_family == AF_INET else { return nil }
    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { IPv4Endpoint($0.pointee).address }
}
