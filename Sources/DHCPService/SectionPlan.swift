import BootProtocols

/// The sections of all subnets, as they are put together.
struct SectionPlan {
    private(set) var ranges: [AddressPlan.Range] = []
    private(set) var count = 0

    /// Adds the pools of one subnet: a section for those that are for DHCP alone, one for those that are for BOOTP too.
    mutating func add(_ pools: [DHCPPool]) -> (all: [Int], bootp: [Int]) {
        let dhcp = add(pools.filter { !$0.servesBOOTP }.map(\.range))
        let bootp = add(pools.filter(\.servesBOOTP).map(\.range))
        return (dhcp + bootp, bootp)
    }

    private mutating func add(_ addresses: [ClosedRange<IPv4Address>]) -> [Int] {
        guard !addresses.isEmpty else { return [] }
        ranges += addresses.map { AddressPlan.Range(addresses: $0, section: count) }
        count += 1
        return [count - 1]
    }

    /// Whether each pool has addresses of its own to give.
    func checkOverlaps(withheld: Set<IPv4Address>) throws(DHCPSettingsError) {
        let sorted = ranges.map(\.addresses).sorted { $0.lowerBound < $1.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.upperBound >= second.lowerBound {
            throw .poolsOverlap(first, second)
        }
        for range in sorted {
            let size = UInt64(range.upperBound.value - range.lowerBound.value) + 1
            guard size <= UInt64(withheld.count), size <= UInt64(withheld.count { range.contains($0) }) else {
                continue
            }
            throw .poolEmpty(range)
        }
    }
}
