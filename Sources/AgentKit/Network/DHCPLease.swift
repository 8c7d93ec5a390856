package import BootProtocols

/// An address that this machine holds for a time, and what came with it (RFC 2131).
package struct DHCPLease: Codable, Hashable, Sendable {
    package var mac: MACAddress
    package var address: IPv4Address
    /// 0...32
    package var prefixLength: Int
    package var router: IPv4Address?
    package var nameServers: [IPv4Address]
    package var domain: String?
    package var hostName: String?
    /// Who gave it (option 54): renewals go there.
    package var server: IPv4Address
    /// From `acquired` on; nil for ever.
    package var leaseSeconds: Int64?
    /// T1: when to ask `server` again, in seconds from `acquired`.
    package var renewalSeconds: Int64?
    /// Milliseconds of `BootClock`.
    package var acquired: Int64

    /// The subnet, or nil for a prefix length that is none.
    package var subnet: IPv4Subnet? { IPv4Subnet(containing: address, prefixLength: prefixLength) }

    /// The lines of resolv.conf(5): empty without a name server.
    package var resolverLines: [String] {
        guard !nameServers.isEmpty else { return [] }
        let search = domain.map { ["search \($0)"] } ?? []
        return search + nameServers.prefix(3).map { "nameserver \($0)" }
    }
}

extension DHCPLease {
    /// What an ACK gives, or nil if it gives nothing that can be used: no address, no server.
    package init?(acknowledged message: DHCPMessage, at now: Int64) {
        guard message.yourAddress != .any, let server = message.options.serverIdentifier else { return nil }
        mac = message.mac
        address = message.yourAddress
        prefixLength = Self.prefixLength(of: message.options.subnetMask, address)
        router = message.options.routers.first { $0 != .any }
        nameServers = message.options.domainNameServers
        domain = message.options.domainName.flatMap(HostName.init)?.text
        hostName = message.options.hostName.flatMap(HostName.init)?.text
        self.server = server
        acquired = now
        // All ones is for ever (RFC 2131, 3.3).
        leaseSeconds = message.options.leaseTime.flatMap { $0 == .max ? nil : Int64($0) }
        renewalSeconds = leaseSeconds.map { lease in
            let given = message.options.renewalTime.map(Int64.init) ?? lease / 2
            return min(max(1, given), max(1, lease))
        }
    }

    /// A mask with a hole in it is nobody's; without one the old classes decide (RFC 950, 2.1).
    private static func prefixLength(of mask: IPv4Address?, _ address: IPv4Address) -> Int {
        if let mask, (~mask.value &+ 1) & ~mask.value == 0 { return mask.value.nonzeroBitCount }
        switch address.value >> 24 {
        case ..<128: return 8
        case ..<192: return 16
        default: return 24
        }
    }
}
