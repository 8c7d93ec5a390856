public import BootProtocols

/// Another DHCP server on the link, as it was last seen.
public struct ForeignServer: Hashable, Sendable {
    /// One of its answers, or one choice of it.
    public struct Sighting: Hashable, Sendable {
        public var client: MACAddress
        /// The answer's type; DHCPREQUEST where a client chose this server.
        public var type: DHCPMessageType
        /// What it gave; 0.0.0.0 of a proxyDHCP server.
        public var address: IPv4Address
        public var bootFile: String?
    }

    /// Its server identifier (option 54).
    public var address: IPv4Address
    /// Nil as long as it is known from its clients' choices alone: a switch shows others none of its unicast.
    public var mac: MACAddress?
    /// Milliseconds since 1970.
    public var firstSeen: Int64
    public var lastSeen: Int64
    public var sightings: Int
    public var last: Sighting
    /// In proxy mode: the server whose addresses these are.
    public var isMain: Bool
}

extension ForeignServer.Sighting {
    init(message: FrameGlance.DHCP, address: IPv4Address, bootFile: String?) {
        client = message.client
        type = message.type ?? .offer
        self.address = address
        self.bootFile = bootFile
    }
}

extension ForeignServer: CustomStringConvertible {
    /// `foreign DHCP server 10.0.0.254 (52:54:00:00:00:09): DHCPOFFER of 10.0.0.77 to 52:54:00:12:34:56, boot file x`
    public var description: String {
        let place = mac.map { " (\($0))" } ?? ""
        let what =
            switch (last.type, last.address) {
            case (.request, _): "\(last.client) chose its offer of \(last.address)"
            case (.nak, _): "DHCPNAK to \(last.client)"
            case (_, .any): "\(last.type) without an address (proxyDHCP) to \(last.client)"
            default: "\(last.type) of \(last.address) to \(last.client)"
            }
        return "\(isMain ? "main" : "foreign") DHCP server \(address)\(place): \(what)"
            + (last.bootFile.map { ", boot file \($0)" } ?? "")
    }
}

/// The other servers that were seen, and when each is news again. Bounded: a server identifier costs its sender nothing.
public struct ForeignServers: Sendable {
    private static let capacity = 64
    /// Milliseconds until the same server is news again: to the same client, and to any.
    private static let quietForClient: Int64 = 60_000
    private static let quiet: Int64 = 5_000

    private struct Entry {
        var server: ForeignServer
        var lastNews: Int64
        /// The clients that were told of lately.
        var told: [MACAddress: Int64] = [:]
    }

    private let expectsMainServer: Bool
    private var entries: [IPv4Address: Entry] = [:]
    /// Sightings of servers for which there was no room.
    public private(set) var overflow = 0

    init(expectsMainServer: Bool) {
        self.expectsMainServer = expectsMainServer
    }

    /// Those that were seen, the newest first, without the main server of proxy mode.
    public var all: [ForeignServer] {
        entries.values.map(\.server).filter { !$0.isMain }.sorted { $0.lastSeen > $1.lastSeen }
    }

    /// In proxy mode: the server that gives the addresses.
    public var main: ForeignServer? { entries.values.first { $0.server.isMain }?.server }

    /// Takes a sighting; gives the server if that is news.
    mutating func note(
        _ address: IPv4Address, at mac: MACAddress?, _ sighting: ForeignServer.Sighting, time: Int64
    ) -> ForeignServer? {
        guard var entry = entries[address] else { return begin(address, mac, sighting, time) }
        // Another machine that says it is the same server is news, main or not.
        let moved = mac != nil && entry.server.mac != nil && mac != entry.server.mac
        entry.server.mac = mac ?? entry.server.mac
        entry.server.lastSeen = time
        entry.server.sightings += 1
        entry.server.last = sighting
        let isQuiet = entry.server.isMain || !Self.isNews(entry, sighting.client, time)
        if moved || !isQuiet { Self.tell(&entry, sighting.client, time) }
        entries[address] = entry
        return moved || !isQuiet ? entry.server : nil
    }

    private mutating func begin(
        _ address: IPv4Address, _ mac: MACAddress?, _ sighting: ForeignServer.Sighting, _ time: Int64
    ) -> ForeignServer? {
        guard entries.count < Self.capacity else {
            overflow += 1
            return nil
        }
        let server = ForeignServer(
            address: address, mac: mac, firstSeen: time, lastSeen: time, sightings: 1, last: sighting,
            isMain: expectsMainServer && main == nil)
        var entry = Entry(server: server, lastNews: .min)
        if !server.isMain { Self.tell(&entry, sighting.client, time) }
        entries[address] = entry
        return server.isMain ? nil : server
    }

    private static func isNews(_ entry: Entry, _ client: MACAddress, _ time: Int64) -> Bool {
        if let told = entry.told[client] { return time - told >= quietForClient }
        return time - entry.lastNews >= quiet || entry.told.count < 16
    }

    private static func tell(_ entry: inout Entry, _ client: MACAddress, _ time: Int64) {
        if entry.told.count >= 256 { entry.told.removeAll(keepingCapacity: true) }
        // A full minute of rest opens the first few again.
        if entry.lastNews != .min, time - entry.lastNews >= quietForClient { entry.told.removeAll() }
        entry.told[client] = time
        entry.lastNews = time
    }
}
