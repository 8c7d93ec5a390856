import BootProtocols

/// Which addresses may be given, and to whom: settings, as the pool looks them up.
///
/// Dynamic addresses lie in sections: those of one subnet whose pools are of one kind. A section is what an address is
/// taken from when a machine has none.
struct AddressPlan: Sendable {
    /// A pool of the settings.
    struct Range: Sendable, Hashable {
        let addresses: ClosedRange<IPv4Address>
        let section: Int
    }

    /// Whose a reserved address is.
    enum Owner: Hashable, Sendable {
        case machine(MACAddress)
        /// Whoever shows the right UUID, client-id or circuit: the messages say.
        case bearer
    }

    /// By address; they do not overlap.
    let ranges: [Range]
    let sectionCount: Int
    /// Never given: of the server, routers, DNS servers, networks and broadcasts. In order, for the search.
    private let withheld: [IPv4Address]
    let reserved: [IPv4Address: Owner]
    /// Sections on the server's own link, where it can ask by ARP.
    let probedSections: [Int]

    init(
        ranges: [Range], sectionCount: Int, withheld: Set<IPv4Address> = [], reserved: [IPv4Address: Owner] = [:],
        probedSections: [Int] = []
    ) {
        self.ranges = ranges.sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }
        self.sectionCount = sectionCount
        self.withheld = withheld.sorted()
        self.reserved = reserved
        self.probedSections = probedSections
    }

    /// The section that an address is given from to whoever asks; nil if it is in no pool, withheld, or reserved.
    func section(of address: IPv4Address) -> Int? {
        guard let range = range(of: address), !isWithheld(address), reserved[address] == nil else { return nil }
        return range.section
    }

    private func isWithheld(_ address: IPv4Address) -> Bool {
        var low = 0
        var high = withheld.count
        while low < high {
            let middle = (low + high) / 2
            if withheld[middle] < address { low = middle + 1 } else { high = middle }
        }
        return low < withheld.count && withheld[low] == address
    }

    /// Whether an address may be given to anybody at all.
    func isServed(_ address: IPv4Address) -> Bool { reserved[address] != nil || section(of: address) != nil }

    private func range(of address: IPv4Address) -> Range? {
        // The last range that begins at or before the address.
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].addresses.lowerBound <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, ranges[low - 1].addresses.contains(address) else { return nil }
        return ranges[low - 1]
    }
}
