/// What a TFTP server allows. The defaults suit boot firmware on a LAN.
public struct TFTPSettings: Hashable, Sendable {
    /// Largest IP datagram in bytes by interface index: blocks are kept so small that none is fragmented.
    public var interfaceMTU: [UInt32: Int] = [:]
    /// For interfaces not named there: Ethernet's.
    public var defaultMTU = 1500
    /// Most blocks in flight to a client that asks for a window (RFC 7440), 1...64.
    public var maximumWindowSize = 16
    /// First wait for an acknowledgment in milliseconds; doubled at each try up to `longestWait`. A client that
    /// negotiates a timeout (RFC 2349) gets that one instead, the same at each try.
    public var firstWait: Int64 = 1000
    public var longestWait: Int64 = 8000
    /// Retransmissions in a row before a client counts as gone.
    public var maximumRetries = 5
    /// Transfers at a time; a request beyond is not answered, and the client asks again.
    public var maximumSessions = 4096
    /// Transfers at a time of one client address.
    public var maximumSessionsPerClient = 16
    /// How long a finished transfer is remembered in milliseconds, so that late packets of it are not taken for
    /// those of a stranger.
    public var lingering: Int64 = 5000
    /// Ports that transfers are spread over, 1...256. A transfer is known by both its ports, so clients share them.
    /// 0: single-port mode, all from the port that was asked, for clients behind address translation.
    public var transferPorts = 16

    public init() {}

    func maximumBlockSize(interface index: UInt32) -> Int {
        let mtu = interfaceMTU[index] ?? defaultMTU
        return min(max(mtu - 32, 512), 65464)
    }
}
