public import BootProtocols

/// An address that a machine holds and another one claims by ARP.
public struct DuplicateAddress: Hashable, Sendable {
    public var address: IPv4Address
    /// Who holds the lease, or this server.
    public var holder: MACAddress
    public var claimant: MACAddress
    /// Milliseconds since 1970.
    public var firstSeen: Int64
    public var lastSeen: Int64
    public var sightings: Int
}

extension DuplicateAddress: CustomStringConvertible {
    public var description: String { "\(claimant) claims \(address), which is \(holder)'s" }
}

/// The duplicates that were seen, and when each is news again. Bounded.
public struct DuplicateAddresses: Sendable {
    private struct Key: Hashable {
        let address: IPv4Address
        let claimant: MACAddress
    }

    private static let capacity = 256
    /// Milliseconds until the same duplicate is news again.
    private static let quiet: Int64 = 600_000

    private var entries: [Key: (duplicate: DuplicateAddress, lastNews: Int64)] = [:]
    /// Sightings for which there was no room.
    public private(set) var overflow = 0

    init() {}

    /// The newest first.
    public var all: [DuplicateAddress] { entries.values.map(\.duplicate).sorted { $0.lastSeen > $1.lastSeen } }

    /// Takes a claim; gives the duplicate if it is news.
    mutating func note(
        _ address: IPv4Address, of holder: MACAddress, claimedBy claimant: MACAddress, at time: Int64
    ) -> DuplicateAddress? {
        let key = Key(address: address, claimant: claimant)
        guard var entry = entries[key] else {
            guard entries.count < Self.capacity else {
                overflow += 1
                return nil
            }
            let duplicate = DuplicateAddress(
                address: address, holder: holder, claimant: claimant, firstSeen: time, lastSeen: time, sightings: 1)
            entries[key] = (duplicate, time)
            return duplicate
        }
        entry.duplicate.holder = holder
        entry.duplicate.lastSeen = time
        entry.duplicate.sightings += 1
        let isNews = time - entry.lastNews >= Self.quiet
        if isNews { entry.lastNews = time }
        entries[key] = entry
        return isNews ? entry.duplicate : nil
    }
}
