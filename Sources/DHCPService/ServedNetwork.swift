import BootProtocols

/// Settings, checked and as messages look them up.
struct ServedNetwork: Sendable {
    /// One subnet with what its clients are told.
    struct Subnet: Sendable {
        let settings: DHCPSubnet
        /// Sections to give addresses from: its own, then those of subnets on the same link; pools for BOOTP last.
        fileprivate(set) var sections: [Int]
        /// Those of them that BOOTP clients are served from.
        fileprivate(set) var bootpSections: [Int]
        /// The subnets on the same link, as indices; itself first.
        fileprivate(set) var neighbours: [Int]
        /// What its clients are told beside their own: options of the subnet, then of the server.
        let options: [DHCPOptionSetting]

        var subnet: IPv4Subnet { settings.subnet }

        /// Its pools by name, for events.
        var poolNames: String {
            let pools = settings.pools ?? []
            guard let first = pools.first else { return "a pool of \(subnet)" }
            return pools.count == 1 ? "the pool \(DHCPSettingsError.text(first.range))" : "any pool of \(subnet)"
        }

        /// What it gives addresses from, for events.
        var poolWords: String {
            guard !sections.isEmpty else { return "it has no pool, and nothing is reserved for this machine" }
            guard let pools = settings.pools else { return "all its addresses are held" }
            return "all of \(pools.map { DHCPSettingsError.text($0.range) }.joined(separator: ", ")) are held"
        }
    }

    /// The interface's own first.
    private(set) var subnets: [Subnet] = []
    let reservations: ReservationTable
    let plan: AddressPlan
    /// Reservations of nodes that contradict the rest.
    let leftOut: [DHCPSettingsError]
    /// By address, for the search.
    private let sorted: [(subnet: IPv4Subnet, index: Int)]

    init(_ settings: DHCPSettings) throws(DHCPSettingsError) {
        let all = [settings.link] + settings.subnets
        guard all.count <= DHCPSettings.mostSubnets else { throw .tooManySubnets(all.count) }
        guard settings.subnet.contains(settings.serverAddress) else {
            throw .serverOutsideSubnet(settings.serverAddress, settings.subnet)
        }
        sorted = try Self.sorted(all)
        let withheld = Self.withheld(all, server: settings.serverAddress)
        var sections = SectionPlan()
        for (index, subnet) in all.enumerated() {
            try Self.check(subnet)
            let pools = try subnet.pools.map { pools throws(DHCPSettingsError) in try Self.checked(pools, in: subnet) }
            let own = sections.add(pools ?? (index == 0 ? [DHCPPool(Self.derivedPool(of: subnet.subnet))] : []))
            subnets.append(
                Subnet(
                    settings: subnet, sections: own.all, bootpSections: own.bootp, neighbours: [index],
                    options: Self.options(of: subnet, over: settings.options)))
        }
        try sections.checkOverlaps(withheld: withheld)
        Self.join(&subnets)
        let search = sorted
        let table = try ReservationTable(settings) { address in
            guard Self.index(of: address, in: search) != nil else { return .outside }
            return withheld.contains(address)
                ? .taken(Self.use(of: address, all, server: settings.serverAddress)) : .free
        }
        reservations = table
        leftOut = table.leftOut
        let onLink = Set(subnets[0].sections)
        plan = AddressPlan(
            ranges: sections.ranges, sectionCount: sections.count, withheld: withheld, reserved: table.owners,
            probedSections: onLink.sorted())
    }

    /// What is served, for events.
    var words: String {
        subnets.count == 1
            ? "\(subnets[0].subnet), the subnet that is served" : "any of the \(subnets.count) subnets that are served"
    }

    /// The subnet that an address lies in.
    func index(of address: IPv4Address) -> Int? {
        if subnets[0].subnet.contains(address) { return 0 }
        return sorted.count == 1 ? nil : Self.index(of: address, in: sorted)
    }

    private static func index(of address: IPv4Address, in sorted: [(subnet: IPv4Subnet, index: Int)]) -> Int? {
        // The last subnet that begins at or before the address.
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].subnet.network <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, sorted[low - 1].subnet.contains(address) else { return nil }
        return sorted[low - 1].index
    }
}

// MARK: - Checks

extension ServedNetwork {
    private static func sorted(
        _ subnets: [DHCPSubnet]
    ) throws(DHCPSettingsError) -> [(subnet: IPv4Subnet, index: Int)] {
        let sorted = subnets.enumerated().map { (subnet: $0.element.subnet, index: $0.offset) }
            .sorted { $0.subnet.network < $1.subnet.network }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.subnet.contains(second.subnet.network) {
            throw .subnetsOverlap(first.subnet, second.subnet)
        }
        return sorted
    }

    private static func check(_ subnet: DHCPSubnet) throws(DHCPSettingsError) {
        if let router = subnet.router, !subnet.subnet.contains(router) {
            throw .routerOutsideSubnet(router, subnet.subnet)
        }
        try subnet.leaseTimes.check()
        if let domain = subnet.domain, domain.utf8.count > 253 { throw .domainTooLong(domain) }
    }

    private static func checked(_ pools: [DHCPPool], in subnet: DHCPSubnet) throws(DHCPSettingsError) -> [DHCPPool] {
        for pool in pools {
            guard subnet.subnet.contains(pool.range.lowerBound), subnet.subnet.contains(pool.range.upperBound) else {
                throw .poolOutsideSubnet(pool.range, subnet.subnet)
            }
            guard pool.range.upperBound.value - pool.range.lowerBound.value < DHCPSettings.largestPool else {
                throw .poolTooLarge(pool.range)
            }
        }
        return pools
    }

    private static func derivedPool(of subnet: IPv4Subnet) -> ClosedRange<IPv4Address> {
        let hosts = subnet.hosts
        let size = min(hosts.upperBound.value - hosts.lowerBound.value, DHCPSettings.largestPool - 1)
        return hosts.lowerBound...IPv4Address(value: hosts.lowerBound.value + size)
    }

    /// Addresses that are never given, whatever the pools say.
    private static func withheld(_ subnets: [DHCPSubnet], server: IPv4Address) -> Set<IPv4Address> {
        var addresses: Set = [server]
        for subnet in subnets {
            addresses.formUnion(subnet.nameServers)
            if let router = subnet.router { addresses.insert(router) }
            guard subnet.subnet.prefixLength < 31 else { continue }
            addresses.formUnion([subnet.subnet.network, subnet.subnet.broadcast])
        }
        return addresses
    }

    /// What a withheld address is, for errors.
    private static func use(of address: IPv4Address, _ subnets: [DHCPSubnet], server: IPv4Address) -> String {
        if address == server { return "this server's own" }
        for subnet in subnets {
            if subnet.router == address { return "the router of \(subnet.subnet)" }
            if subnet.nameServers.contains(address) { return "a DNS server of \(subnet.subnet)" }
        }
        return "a network's or a broadcast address"
    }

    /// Mask and broadcast are made from the subnet; all else that its clients are told is an option like others.
    private static func options(of subnet: DHCPSubnet, over global: [DHCPOptionSetting]) -> [DHCPOptionSetting] {
        // ROMs use router and DNS and forget to ask for them.
        let own =
            [
                subnet.router.flatMap { try? DHCPOptionSetting(.router, value: $0.octets, isForced: true) },
                subnet.nameServers.isEmpty
                    ? nil
                    : try? DHCPOptionSetting(
                        .domainNameServer, value: subnet.nameServers.prefix(63).flatMap(\.octets), isForced: true),
                subnet.domain.flatMap { try? DHCPOptionSetting(.domainName, value: Array($0.utf8)) },
            ].compactMap { $0 }
        return [subnet.options, own, global].merged
    }

    /// Joins the subnets of one shared network.
    private static func join(_ subnets: inout [Subnet]) {
        let names = Dictionary(grouping: subnets.indices.filter { subnets[$0].settings.sharedNetwork != nil }) {
            subnets[$0].settings.sharedNetwork
        }
        let before = subnets
        for members in names.values where members.count > 1 {
            for index in members {
                let others = members.filter { $0 != index }
                subnets[index].neighbours += others
                subnets[index].sections += others.flatMap { before[$0].sections }
                subnets[index].bootpSections += others.flatMap { before[$0].bootpSections }
            }
        }
    }
}

extension [[DHCPOptionSetting]] {
    /// One list, in which of each option the first counts.
    var merged: [DHCPOptionSetting] {
        var seen = DHCPOptionCodeSet()
        var merged: [DHCPOptionSetting] = []
        for option in joined() where !seen.contains(option.code) {
            seen.insert(option.code)
            merged.append(option)
        }
        return merged
    }
}
