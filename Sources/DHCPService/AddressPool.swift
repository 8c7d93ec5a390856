import BootProtocols
import Registry

/// Which address is whose, and until when. Time comes in with every call.
///
/// A machine keeps its address past the end of its lease for as long as no other machine needs it. An address
/// for a new machine is found without a search: the next one that was never used, else the one that has been
/// free the longest. Memory is bounded by the pool's size.
struct AddressPool {
    /// How firmly an address is held.
    enum Hold: Hashable {
        /// Named in an OFFER; free again if no REQUEST comes.
        case offered
        case leased
        /// A machine found somebody else using it (DHCPDECLINE).
        case setAside
    }

    private struct Holder {
        var mac: MACAddress
        var hold: Hold
        /// Milliseconds since 1970.
        var expires: Int64
        /// Somebody else uses the address beside this machine: it is set aside when the lease ends.
        var isDisputed = false
    }

    private(set) var range: ClosedRange<IPv4Address>
    private var withheld: Set<IPv4Address>
    private var holders: [IPv4Address: Holder] = [:]
    private var addresses: [MACAddress: IPv4Address] = [:]
    private var expiries = ExpiryQueue()
    /// The lowest address that may never have been used; past the range's end when all were.
    private var fresh: UInt64
    /// The lowest address that was not yet named by `takeProbes`.
    private var unprobed: UInt64

    /// How many addresses that were never used are probed ahead of being given.
    static let probeWindow: UInt64 = 256

    /// - Parameter leases: as the registry has them, expired ones too. Those outside the pool are passed over.
    init(range: ClosedRange<IPv4Address>, withheld: Set<IPv4Address>, leases: [Lease] = []) {
        self.range = range
        self.withheld = withheld
        fresh = UInt64(range.lowerBound.value)
        unprobed = fresh
        // The later lease wins where two machines claim one address, or one machine two.
        for lease in leases.sorted(by: { $0.expires < $1.expires }) where isServed(lease.address) {
            hold(lease.address, for: lease.mac, as: .leased, until: lease.expires)
        }
    }

    /// Serves other addresses from now on; who holds what stays.
    mutating func adopt(range: ClosedRange<IPv4Address>, withheld: Set<IPv4Address>) {
        self.range = range
        self.withheld = withheld
        fresh = UInt64(range.lowerBound.value)
        unprobed = fresh
        expiries = ExpiryQueue(
            holders.filter { isServed($0.key) }.map { .init(expires: $0.value.expires, address: $0.key) })
    }

    /// How many addresses the pool has for clients.
    var size: Int {
        Int(range.upperBound.value - range.lowerBound.value) + 1 - withheld.count { range.contains($0) }
    }

    func isServed(_ address: IPv4Address) -> Bool { range.contains(address) && !withheld.contains(address) }

    /// The address that `mac` has, or last had and nobody took since.
    func address(of mac: MACAddress) -> IPv4Address? { addresses[mac] }

    /// Whether `mac` has more than an offer of its address, and still.
    func hasLease(_ mac: MACAddress, at now: Int64) -> Bool {
        guard let holder = addresses[mac].flatMap({ holders[$0] }) else { return false }
        return holder.hold == .leased && holder.expires > now
    }

    /// Whether `mac` may have this very address.
    func isFree(_ address: IPv4Address, for mac: MACAddress, at now: Int64) -> Bool {
        guard isServed(address) else { return false }
        guard let holder = holders[address] else { return true }
        return holder.expires <= now || (holder.mac == mac && holder.hold != .setAside)
    }

    /// Entries that wait in the queue of expiries, outdated ones too.
    var queued: Int { expiries.count }

    /// When the first address is free again, if all are held.
    var nextExpiry: Int64? { expiries.first?.expires }

    /// Holds an address for `mac` until `expires`, or longer where its lease lasts longer: the one that it has,
    /// else `wish`, else any. Nil if all are held.
    mutating func offer(to mac: MACAddress, wish: IPv4Address?, until expires: Int64, at now: Int64) -> IPv4Address? {
        if let address = addresses[mac], let holder = holders[address], holder.isDisputed, holder.expires <= now {
            setAsideDisputed(address, holder, at: now)
        }
        if let address = addresses[mac] {
            if !hasLease(mac, at: now) { hold(address, for: mac, as: .offered, until: expires) }
            return address
        }
        let wished = wish.flatMap { isFree($0, for: mac, at: now) ? $0 : nil }
        guard let address = wished ?? nextFresh() ?? longestFree(at: now) else { return nil }
        hold(address, for: mac, as: .offered, until: expires)
        return address
    }

    /// Gives `address` to `mac` until `expires`. The caller has asked `isFree`.
    mutating func lease(_ address: IPv4Address, to mac: MACAddress, until expires: Int64) {
        hold(address, for: mac, as: .leased, until: expires)
    }

    /// Ends the hold of `mac`; it gets the address again if it comes back before another machine needs it.
    mutating func release(_ mac: MACAddress, at now: Int64) {
        guard let address = addresses[mac], let holder = holders[address] else { return }
        hold(address, for: mac, as: holder.hold, until: now)
    }

    /// Gives the address of `mac` to nobody until `expires`.
    mutating func setAside(_ mac: MACAddress, until expires: Int64) {
        guard let address = addresses[mac] else { return }
        hold(address, for: mac, as: .setAside, until: expires)
        addresses[mac] = nil
    }

    /// The addresses to probe next: those that were never used, up to a window ahead of the next one to be given, in
    /// lots of half a window.
    mutating func takeProbes() -> [IPv4Address] {
        unprobed = max(unprobed, fresh)
        let end = min(fresh + Self.probeWindow, UInt64(range.upperBound.value) + 1)
        guard unprobed < end, unprobed - fresh <= Self.probeWindow / 2 else { return [] }
        defer { unprobed = end }
        return (unprobed..<end).map { IPv4Address(value: UInt32(truncatingIfNeeded: $0)) }
            .filter { holders[$0] == nil && !withheld.contains($0) }
    }

    /// Who holds `address`, how firmly, and until when, if it was ever held.
    func holder(of address: IPv4Address) -> (mac: MACAddress, hold: Hold, expires: Int64)? {
        holders[address].map { ($0.mac, $0.hold, $0.expires) }
    }

    /// `other` uses `address` without having it from here: nobody is given it until `expires`, except that a lease on
    /// it runs on to its end.
    mutating func dispute(_ address: IPv4Address, by other: MACAddress, until expires: Int64, at now: Int64) {
        guard isServed(address) else { return }
        if var holder = holders[address], holder.hold == .leased, holder.expires > now {
            holder.isDisputed = true
            holders[address] = holder
            return
        }
        if let holder = holders[address], addresses[holder.mac] == address { addresses[holder.mac] = nil }
        holders[address] = Holder(mac: other, hold: .setAside, expires: expires)
        expiries.insert(.init(expires: expires, address: address))
        sweep()
    }

    /// The lease on a disputed address ended: nobody gets it for a while, its machine another one.
    private mutating func setAsideDisputed(_ address: IPv4Address, _ holder: Holder, at now: Int64) {
        if addresses[holder.mac] == address { addresses[holder.mac] = nil }
        let expires = now + DHCPMachine.declineHold
        holders[address] = Holder(mac: holder.mac, hold: .setAside, expires: expires)
        expiries.insert(.init(expires: expires, address: address))
    }

    private mutating func hold(_ address: IPv4Address, for mac: MACAddress, as hold: Hold, until expires: Int64) {
        if let previous = holders[address], previous.mac != mac, addresses[previous.mac] == address {
            addresses[previous.mac] = nil
        }
        if let other = addresses[mac], other != address { letGo(other, of: mac) }
        let isDisputed = holders[address].map { $0.mac == mac && $0.isDisputed } ?? false
        holders[address] = Holder(mac: mac, hold: hold, expires: expires, isDisputed: isDisputed)
        addresses[mac] = address
        expiries.insert(.init(expires: expires, address: address))
        sweep()
    }

    /// Frees an address that its machine moved away from.
    private mutating func letGo(_ address: IPv4Address, of mac: MACAddress) {
        holders[address] = Holder(mac: mac, hold: .offered, expires: 0)
        expiries.insert(.init(expires: 0, address: address))
    }

    private mutating func sweep() {
        // Outdated entries pile up where machines renew: sweep before they outnumber the rest.
        if expiries.count > 2 * holders.count + 64 {
            expiries = ExpiryQueue(holders.map { .init(expires: $0.value.expires, address: $0.key) })
        }
    }

    private mutating func nextFresh() -> IPv4Address? {
        while fresh <= UInt64(range.upperBound.value) {
            let address = IPv4Address(value: UInt32(truncatingIfNeeded: fresh))
            fresh += 1
            if !withheld.contains(address), holders[address] == nil { return address }
        }
        return nil
    }

    private mutating func longestFree(at now: Int64) -> IPv4Address? {
        while let entry = expiries.first {
            guard let holder = holders[entry.address], holder.expires == entry.expires else {
                expiries.removeFirst()
                continue
            }
            guard entry.expires <= now else { return nil }
            guard holder.isDisputed else { return entry.address }
            setAsideDisputed(entry.address, holder, at: now)
        }
        return nil
    }
}
