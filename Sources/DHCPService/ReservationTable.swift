import BootProtocols

/// All reservations, by what messages show.
struct ReservationTable: Sendable {
    /// What a machine gets by name.
    struct Entry: Hashable, Sendable {
        var address: IPv4Address?
        var hostName: String?
        /// The machine's own options, then those of its groups, of each option the first.
        var options: [DHCPOptionSetting]
        /// Where the address, and where the rest comes from, for errors.
        fileprivate var origin: String
    }

    /// What an address is in the network that is served.
    enum Place {
        case free
        case outside
        /// With words for what else it is.
        case taken(String)
    }

    private var entries: [DHCPReservation.Key: Entry] = [:]
    /// Whether any reservation is of this kind: most messages then cost no look-up.
    private var hasMachines = false
    private var hasClientIdentifiers = false
    private var hasCircuits = false
    private(set) var owners: [IPv4Address: AddressPlan.Owner] = [:]
    private var reservers: [IPv4Address: String] = [:]
    private(set) var leftOut: [DHCPSettingsError] = []

    init(_ settings: DHCPSettings, place: (IPv4Address) -> Place) throws(DHCPSettingsError) {
        var groups: [String: [DHCPOptionSetting]] = [:]
        for group in settings.groups {
            guard groups.updateValue(group.options, forKey: group.name) == nil else { throw .groupTwice(group.name) }
        }
        for reservation in settings.reservations {
            guard entries[reservation.key] == nil else {
                throw .machineReservedTwice(reservation.key, entries[reservation.key]?.origin ?? "", reservation.origin)
            }
            try add(reservation, groups, place)
        }
        for node in settings.nodes {
            do throws(DHCPSettingsError) {
                try addNode(node, groups, place)
            } catch {
                leftOut.append(error)
            }
        }
    }

    /// What a message's sender is given by name.
    /// - Parameter relay: option 82, if the message has one.
    func entry(of message: DHCPMessage, _ relay: RelayAgentInformation?) -> Entry? {
        guard !entries.isEmpty else { return nil }
        if let entry = entries[.mac(message.mac)] { return entry }
        if hasMachines, let machine = message.options.clientMachine, !machine.isUnset,
            let entry = entries[.machine(Array(machine.bytes))]
        {
            return entry
        }
        if hasClientIdentifiers, let identifier = message.options.clientIdentifier,
            let entry = entries[.clientIdentifier(Array(identifier))]
        {
            return entry
        }
        guard hasCircuits, let relay else { return nil }
        let (circuit, remote) = (relay.circuitID.map(Array.init), relay.remoteID.map(Array.init))
        return entries[.circuit(id: circuit, remote: remote)] ?? entries[.circuit(id: circuit, remote: nil)]
            ?? entries[.circuit(id: nil, remote: remote)]
    }

    private mutating func add(
        _ reservation: DHCPReservation, _ groups: [String: [DHCPOptionSetting]], _ place: (IPv4Address) -> Place
    ) throws(DHCPSettingsError) {
        var layers = [reservation.options]
        for name in reservation.groups {
            guard let options = groups[name] else { throw .noSuchGroup(name, reservation: reservation.origin) }
            layers.append(options)
        }
        if let name = reservation.hostName, !Self.isHostName(name) {
            throw .badHostName(name, reservation: reservation.origin)
        }
        try claim(reservation.address, for: reservation, place)
        entries[reservation.key] = Entry(
            address: reservation.address, hostName: reservation.hostName, options: layers.merged,
            origin: reservation.origin)
        switch reservation.key {
        case .mac: break
        case .machine: hasMachines = true
        case .clientIdentifier: hasClientIdentifiers = true
        case .circuit: hasCircuits = true
        }
    }

    /// A node may have a reservation in the configuration too, for its groups and options.
    private mutating func addNode(
        _ node: DHCPReservation, _ groups: [String: [DHCPOptionSetting]], _ place: (IPv4Address) -> Place
    ) throws(DHCPSettingsError) {
        guard var entry = entries[node.key] else { return try add(node, groups, place) }
        guard let address = node.address, address != entry.address else { return }
        guard entry.address == nil else { throw .machineReservedTwice(node.key, entry.origin, node.origin) }
        try claim(address, for: node, place)
        entry.address = address
        entries[node.key] = entry
    }

    private mutating func claim(
        _ address: IPv4Address?, for reservation: DHCPReservation, _ place: (IPv4Address) -> Place
    ) throws(DHCPSettingsError) {
        guard let address else { return }
        switch place(address) {
        case .outside: throw .reservedOutside(address, reservation: reservation.origin)
        case .taken(let use): throw .reservedForOther(address, reservation: reservation.origin, use: use)
        case .free: break
        }
        if let other = reservers[address] { throw .addressReservedTwice(address, other, reservation.origin) }
        reservers[address] = reservation.origin
        if case .mac(let mac) = reservation.key {
            owners[address] = .machine(mac)
        } else {
            owners[address] = .bearer
        }
    }

    /// Labels of letters, digits and inner hyphens, joined by dots (RFC 1123, 2.1).
    private static func isHostName(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }
}
