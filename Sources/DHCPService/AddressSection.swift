import BootProtocols
import PacketIO

/// The addresses that one section of the plan has, and which of them are free: the ones never used, and then the ones
/// that have been free the longest.
struct AddressSection: Sendable {
    /// In the order in which they are used up.
    let ranges: [ClosedRange<IPv4Address>]
    var expiries = DeadlineQueue<AddressExpiry>()
    /// Addresses that were given at least once.
    var used = 0
    /// The range that has the next address that may never have been used, and that address.
    private var fresh: (range: Int, next: UInt64)
    /// The same for the next address to probe.
    private var probe: (range: Int, next: UInt64)
    /// Addresses that were named to be probed, and those of them that were passed since.
    private var probed = 0
    private var passed = 0

    /// How many addresses that were never used are probed ahead of being given.
    static let probeWindow = 256

    init(_ ranges: [ClosedRange<IPv4Address>]) {
        self.ranges = ranges
        fresh = (0, ranges.first.map { UInt64($0.lowerBound.value) } ?? 0)
        probe = fresh
    }

    /// The next address that `isFree` agrees to, and that was not given here before.
    mutating func nextFresh(where isFree: (IPv4Address) -> Bool) -> IPv4Address? {
        while let address = Self.step(&fresh, ranges) {
            passed += 1
            if isFree(address) { return address }
        }
        return nil
    }

    /// Whether `takeProbes` has something to name, or the pool is used up.
    var isProbeDue: Bool { passed > probed || probed - passed <= Self.probeWindow / 2 }

    /// The addresses to probe next, a window ahead of the next one to be given, in lots of half a window.
    mutating func takeProbes(where isFree: (IPv4Address) -> Bool) -> [IPv4Address] {
        if passed > probed {
            probe = fresh
            probed = passed
        }
        guard probed - passed <= Self.probeWindow / 2 else { return [] }
        var probes: [IPv4Address] = []
        while probed - passed < Self.probeWindow, let address = Self.step(&probe, ranges) {
            probed += 1
            if isFree(address) { probes.append(address) }
        }
        return probes
    }

    private static func step(
        _ place: inout (range: Int, next: UInt64), _ ranges: [ClosedRange<IPv4Address>]
    ) -> IPv4Address? {
        while place.range < ranges.count {
            if place.next <= UInt64(ranges[place.range].upperBound.value) {
                defer { place.next += 1 }
                return IPv4Address(value: UInt32(truncatingIfNeeded: place.next))
            }
            place.range += 1
            if place.range < ranges.count { place.next = UInt64(ranges[place.range].lowerBound.value) }
        }
        return nil
    }
}
