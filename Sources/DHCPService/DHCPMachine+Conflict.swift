import BootMachine
public import BootProtocols

extension DHCPMachine {
    /// `mac` answered for `address` on the link (ARP): what that means if the address is one of ours.
    ///
    /// An address that nobody has, or that was only offered, is set aside as DHCPDECLINE would; a REQUEST for it gets
    /// a NAK then. One that is leased to another machine runs on, since taking it away helps nobody, and is set aside
    /// when its lease ends.
    public mutating func conflict(_ address: IPv4Address, with mac: MACAddress, at now: Int64) -> [DHCPAction] {
        let holder = pool.holder(of: address)
        guard pool.isServed(address), pool.plan.reserved[address] != .machine(mac),
            holder?.mac != mac || holder?.hold == .setAside
        else { return [] }
        let until = now + Self.declineHold
        pool.dispute(address, by: mac, until: until, at: now)
        guard let holder, holder.expires > now else {
            return recordConflict(of: mac, at: now, "\(address) is used by \(mac), which has no lease on it; \(aside)")
        }
        reception.forgetAnswer(to: holder.mac)
        switch holder.hold {
        case .setAside: return []
        case .offered:
            return recordConflict(
                of: holder.mac, at: now,
                "duplicate address: \(address), which was offered to this machine, is used by \(mac); \(aside)")
        case .leased:
            return recordConflict(
                of: holder.mac, at: now,
                "duplicate address: \(address), which is leased to this machine, is used by \(mac) too")
        }
    }

    private var aside: String { "it is set aside for \(Self.declineHold / 1000) s" }

    private mutating func recordConflict(of mac: MACAddress, at now: Int64, _ detail: String) -> [DHCPAction] {
        guard reception.mayRecord(mac, at: now) else { return [] }
        return [.record(BootEvent(node: mac, kind: .refused, at: now, transport: .dhcp, detail: detail))]
    }
}
