import BootProtocols
import PacketIO
import Registry

/// Which address is whose, and until when. Time comes in with every call.
///
/// A machine keeps its address past the end of its lease for as long as no other machine needs it. An address
/// for a new machine is found without a search: the next one that was never used, else the one that has been
/// free the longest. Memory is bounded by the size of the pools and the number of reservations.
struct AddressPool: Sendable {
    /// How firmly an address is held.
    enum Hold: Hashable, Sendable {
        /// Named in an OFFER; free again if no REQUEST comes.
        case offered
        case leased
        /// Somebody else uses it: a machine said so (DHCPDECLINE), or answered for it (ARP).
        case setAside
    }

    /// What gives a machine the right to a reserved address that it holds.
    enum Claim: Hashable, Sendable {
        /// None: it had the address before that was reserved.
        case none
        /// A lease from before the start: its reservation may be by what renewals do not show.
        case assumed
        /// Its messages showed what the reservation asks for.
        case shown
    }

    struct Holder: Hashable, Sendable {
        var mac: MACAddress
        var hold: Hold
        /// Milliseconds since 1970.
        var expires: Int64
        var claim = Claim.none
        /// Somebody else uses the address beside this machine: it is set aside when the lease ends.
        var isDisputed = false
        /// Of the plan; nil for an address that is reserved, or served no more.
        fileprivate(set) var section: Int?
    }

    private(set) var plan: AddressPlan
    private var holders: [IPv4Address: Holder] = [:]
    private var addresses: [MACAddress: IPv4Address] = [:]
    private var sections: [AddressSection] = []

    /// - Parameter leases: as the registry has them, expired ones too. Those that the plan has no place for are passed
    ///   over.
    init(_ plan: AddressPlan, leases: [Lease] = []) {
        self.plan = plan
        sections = Self.sections(of: plan)
        // The later lease wins where two machines claim one address, or one machine two.
        for lease in leases.sorted(by: { $0.expires < $1.expires }) where plan.isServed(lease.address) {
            let claim: Claim =
                switch plan.reserved[lease.address] {
                case .machine(let owner): owner == lease.mac ? .shown : .none
                case .bearer: .assumed
                case nil: .none
                }
            hold(lease.address, for: lease.mac, as: .leased, until: lease.expires, claim: claim)
        }
    }

    /// Serves by another plan from now on; who holds what stays.
    mutating func adopt(_ plan: AddressPlan, at now: Int64) {
        self.plan = plan
        sections = Self.sections(of: plan)
        for (address, holder) in holders {
            let section = plan.section(of: address)
            if holder.section != section { holders[address]?.section = section }
            if let section {
                sections[section].used += 1
                sections[section].expiries.insert(.init(expires: holder.expires, address: address))
            } else if !plan.isServed(address), holder.expires <= now {
                holders[address] = nil
                if addresses[holder.mac] == address { addresses[holder.mac] = nil }
            }
        }
    }

    private static func sections(of plan: AddressPlan) -> [AddressSection] {
        (0..<plan.sectionCount).map { index in
            AddressSection(plan.ranges.filter { $0.section == index }.map(\.addresses))
        }
    }

    // MARK: - Questions

    /// The address that `mac` has, or last had and nobody took since.
    func address(of mac: MACAddress) -> IPv4Address? { addresses[mac] }

    /// Whether `mac` has more than an offer of its address, and still.
    func hasLease(_ mac: MACAddress, at now: Int64) -> Bool {
        guard let holder = addresses[mac].flatMap({ holders[$0] }) else { return false }
        return holder.hold == .leased && holder.expires > now
    }

    /// Who holds `address`, or held it last.
    func holder(of address: IPv4Address) -> Holder? { holders[address] }

    func isServed(_ address: IPv4Address) -> Bool { plan.isServed(address) }

    /// Whether `mac` may have this very address.
    /// - Parameter isReserved: the machine has shown that the address is reserved for it.
    func isFree(_ address: IPv4Address, for mac: MACAddress, isReserved: Bool = false, at now: Int64) -> Bool {
        let holder = holders[address]
        if plan.reserved[address] != nil {
            guard let holder else { return isReserved }
            if holder.hold == .setAside, holder.expires > now { return false }
            // Without the sight of its reservation, a machine keeps what it was given by it: renewals show no circuit.
            guard isReserved else { return holder.mac == mac && holder.claim != .none && holder.expires > now }
            return holder.mac == mac || holder.expires <= now || holder.claim == .shown
        }
        guard plan.section(of: address) != nil else { return false }
        guard let holder else { return true }
        return holder.expires <= now || (holder.mac == mac && holder.hold != .setAside)
    }

    /// Addresses that are held, or were.
    var remembered: Int { holders.count }

    /// Entries that wait in the queues of expiries, outdated ones too.
    var queued: Int { sections.reduce(0) { $0 + $1.expiries.count } }

    /// When the first address of these sections is free again, if all are held.
    func nextExpiry(in sections: [Int]) -> Int64? {
        sections.compactMap { self.sections[$0].expiries.first?.expires }.min()
    }

    // MARK: - Giving

    /// Holds an address of these sections for `mac` until `expires`, or longer where its lease lasts longer: the one
    /// that it has, else `wish`, else any. Nil if all are held.
    mutating func offer(
        to mac: MACAddress, wish: IPv4Address?, from sections: [Int], until expires: Int64, at now: Int64
    ) -> IPv4Address? {
        if let own = keptAddress(of: mac, in: sections, at: now) {
            if !hasLease(mac, at: now) { hold(own, for: mac, as: .offered, until: expires) }
            return own
        }
        let wished = wish.flatMap { wish in
            isIn(sections, wish) && isFree(wish, for: mac, at: now) ? wish : nil
        }
        guard let address = wished ?? anyAddress(in: sections, at: now) else { return nil }
        hold(address, for: mac, as: .offered, until: expires)
        return address
    }

    /// Holds an address that is reserved for `mac` in an OFFER. The caller has asked `isFree`.
    mutating func offerReserved(_ address: IPv4Address, to mac: MACAddress, until expires: Int64, at now: Int64) {
        guard addresses[mac] != address || !hasLease(mac, at: now) || holders[address]?.claim != .shown else { return }
        let isLeased = addresses[mac] == address && hasLease(mac, at: now)
        hold(
            address, for: mac, as: isLeased ? .leased : .offered,
            until: isLeased ? holders[address]?.expires ?? expires : expires, claim: .shown)
    }

    /// Gives `address` to `mac` until `expires`. The caller has asked `isFree`.
    mutating func lease(
        _ address: IPv4Address, to mac: MACAddress, isReserved: Bool = false, until expires: Int64
    ) {
        hold(address, for: mac, as: .leased, until: expires, claim: isReserved ? .shown : nil)
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
        put(Holder(mac: other, hold: .setAside, expires: expires), at: address)
    }

    /// The addresses to probe next: those that were never used, up to a window ahead of the next one to be given.
    mutating func takeProbes() -> [IPv4Address] {
        var probes: [IPv4Address] = []
        for section in plan.probedSections where sections[section].isProbeDue {
            probes += sections[section].takeProbes { [holders, plan] address in
                holders[address] == nil && plan.section(of: address) != nil
            }
        }
        return probes
    }
}

// MARK: - Keeping the books

extension AddressPool {
    /// The address that `mac` has or had, if it is of these sections and still its own.
    private mutating func keptAddress(of mac: MACAddress, in sections: [Int], at now: Int64) -> IPv4Address? {
        guard let address = addresses[mac], let holder = holders[address] else { return nil }
        if holder.isDisputed, holder.expires <= now {
            addresses[mac] = nil
            put(Holder(mac: mac, hold: .setAside, expires: now + DHCPMachine.declineHold), at: address)
            return nil
        }
        // One that was given by reservation is kept where this message does not show it, as an OS shows no UUID.
        if holder.claim != .none, case .bearer = plan.reserved[address], holder.expires > now { return address }
        return holder.section.map { sections.contains($0) } ?? false ? address : nil
    }

    private func isIn(_ sections: [Int], _ address: IPv4Address) -> Bool {
        plan.section(of: address).map { sections.contains($0) } ?? false
    }

    private mutating func anyAddress(in sections: [Int], at now: Int64) -> IPv4Address? {
        for section in sections {
            let address = self.sections[section].nextFresh { [holders, plan] address in
                holders[address] == nil && plan.section(of: address) != nil
            }
            if let address { return address }
        }
        for section in sections {
            if let address = longestFree(in: section, at: now) { return address }
        }
        return nil
    }

    /// - Parameter claim: nil for the one that the machine has on this address already.
    private mutating func hold(
        _ address: IPv4Address, for mac: MACAddress, as hold: Hold, until expires: Int64, claim: Claim? = nil
    ) {
        let previous = holders[address]
        if let previous, previous.mac != mac, addresses[previous.mac] == address { addresses[previous.mac] = nil }
        let current = addresses[mac]
        if let other = current, other != address {
            // The machine moved away from it.
            put(Holder(mac: mac, hold: .offered, expires: 0), at: other)
        }
        let own = previous?.mac == mac ? previous : nil
        put(
            Holder(
                mac: mac, hold: hold, expires: expires, claim: claim ?? own?.claim ?? .none,
                isDisputed: own?.isDisputed ?? false), at: address, in: previous)
        if current != address { addresses[mac] = address }
    }

    private mutating func put(_ holder: Holder, at address: IPv4Address) {
        put(holder, at: address, in: holders[address])
    }

    /// - Parameter previous: who holds the address until now.
    private mutating func put(_ holder: Holder, at address: IPv4Address, in previous: Holder?) {
        var holder = holder
        holder.section = previous.map(\.section) ?? plan.section(of: address)
        holders[address] = holder
        guard let section = holder.section else { return }
        if previous == nil { sections[section].used += 1 }
        sections[section].expiries.insert(.init(expires: holder.expires, address: address))
        // Outdated entries pile up where machines renew: sweep before they outnumber the rest.
        guard sections[section].expiries.count > 2 * sections[section].used + 64 else { return }
        sections[section].expiries.keep { [holders] entry in holders[entry.address]?.expires == entry.expires }
    }

    private mutating func longestFree(in section: Int, at now: Int64) -> IPv4Address? {
        while let entry = sections[section].expiries.first {
            guard let holder = holders[entry.address], holder.expires == entry.expires else {
                sections[section].expiries.removeFirst()
                continue
            }
            guard entry.expires <= now else { return nil }
            guard holder.isDisputed else { return entry.address }
            if addresses[holder.mac] == entry.address { addresses[holder.mac] = nil }
            put(Holder(mac: holder.mac, hold: .setAside, expires: now + DHCPMachine.declineHold), at: entry.address)
        }
        return nil
    }
}
