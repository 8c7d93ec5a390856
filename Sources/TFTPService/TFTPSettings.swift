public import BootProtocols

/// Which port a transfer runs from.
public enum TFTPPorts: String, CaseIterable, Hashable, Sendable {
    /// All of it from the port that was asked: passes address translation and firewalls that know one port only.
    case single
    /// From another port than the one that was asked (RFC 1350, 4).
    case classic
    /// `classic` to clients in a subnet of ours, `single` to those behind a router.
    case auto
}

/// What a TFTP server allows. The defaults suit boot firmware on a LAN.
public struct TFTPSettings: Hashable, Sendable {
    public var ports = TFTPPorts.auto
    /// Where clients are reached without a router, for `TFTPPorts.auto`. The server adds its interfaces' own.
    public var localSubnets: [IPv4Subnet] = []
    /// Largest IP datagram in bytes by interface index: blocks are kept so small that none is fragmented.
    public var interfaceMTU: [UInt32: Int] = [:]
    /// For interfaces not named there: Ethernet's.
    public var defaultMTU = 1500
    /// Most blocks in flight to a client that asks for a window (RFC 7440), 1...64.
    public var maximumWindowSize = 16
    /// First wait for an acknowledgment in milliseconds, as long as no round trip of the transfer was measured; doubled
    /// at each try up to `longestWait`. A client that negotiates a timeout (RFC 2349) gets that one instead, the same
    /// at each try.
    public var firstWait: Int64 = 300
    public var longestWait: Int64 = 8000
    /// Least wait in microseconds, once round trips were measured. Small, because what goes out again is one block.
    public var shortestWait: Int64 = 500
    /// Milliseconds of silence after which a client counts as gone, and as many times its own timeout at most.
    public var patience: Int64 = 31_000
    static let patienceInTimeouts: Int64 = 6
    /// Transfers at a time; a request beyond is not answered, and the client asks again.
    public var maximumSessions = 4096
    /// Transfers at a time of one client address.
    public var maximumSessionsPerClient = 16
    /// Where all places are taken, a client that has not acknowledged anything for so many milliseconds gives way.
    public var halfOpen: Int64 = 2000
    /// How long a finished transfer is remembered in milliseconds, so that late packets of it are not taken for
    /// those of a stranger.
    public var lingering: Int64 = 5000
    /// Ports that classic transfers are spread over, 1...256. A transfer is known by both its ports, so clients share
    /// them. 0: single-port mode for all.
    public var transferPorts = 16
    /// Write requests are taken: there is a directory for them.
    public var acceptsWrites = false

    public init() {}

    func maximumBlockSize(interface index: UInt32, pathMTU: Int?) -> Int {
        let mtu = min(interfaceMTU[index] ?? defaultMTU, pathMTU ?? .max)
        return min(max(mtu - TFTPPacket.headersSize, TFTPPacket.defaultBlockSize), 65464)
    }

    /// All of the transfer runs from the port that the client asked.
    func isSinglePort(for client: IPv4Address) -> Bool {
        switch ports {
        case .single: true
        case .classic: transferPorts <= 0
        case .auto: transferPorts <= 0 || !localSubnets.isEmpty && !localSubnets.contains { $0.contains(client) }
        }
    }
}
