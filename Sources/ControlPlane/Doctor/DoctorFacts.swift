public import PacketIO

/// What the checks judge: gathered by whoever can see it, the daemon or the command line. Nil: not known.
public struct DoctorFacts: Sendable {
    /// The daemon's control socket answers.
    public var isServing = false
    /// The served interface as it is now; nil with `interfaceName` set: it is gone.
    public var interfaceName: String?
    public var interface: NetworkInterface?
    /// Descriptions of other DHCP servers, the newest first; nil without a daemon, which alone can see them.
    public var foreignServers: [String]?
    /// Descriptions of addresses that two machines claim; nil without a daemon.
    public var duplicates: [String]?
    /// Addresses of the pools that hosts use without a lease, with the host's MAC.
    public var occupied: [String] = []
    /// Somebody else gives the addresses (`dhcp: proxy`).
    public var isProxy = false
    /// Who holds the ports that Perseid serves: its own process, or others.
    public var portHolders: [PortHolder] = []
    /// This daemon's process.
    public var ownProcess: Int32?
    /// The state directory.
    public var state = ""
    /// Permission bits; nil: it is not there.
    public var stateMode: UInt32?
    public var stateOwner: UInt32?
    /// Who serves, or is to serve.
    public var user: UInt32 = 0
    /// Files of the state that others than their owner can read.
    public var exposedFiles: [String] = []
    /// Bytes for which there is room.
    public var freeBytes: Int64?
    /// Why there is no stage 1 that can boot; nil: there is one.
    public var stage1Problem: String?
    /// `6.1.0-37-amd64`
    public var stage1Kernel: String?
    /// Stage 1 trusts all keys of the store.
    public var stage1TrustsKey = true
    /// Nodes whose capsule cannot be booted, and why.
    public var capsuleProblems: [(node: String, reason: String)] = []
    public var subnets: [SubnetResource] = []
    /// Milliseconds since 1970: now, and the latest event in the registry.
    public var now: Int64 = 0
    public var latestEvent: Int64?
    /// `net.ipv4.ip_forward`
    public var forwards: Bool?
    /// `rp_filter` of the served interface as it counts (the greater of its own and `all`'s).
    public var reversePathFilter: Int?
    /// Nodes are told to use this server as their router.
    public var isRouter = false
    /// Frames that the watch lost in a full ring.
    public var framesLost = 0

    public init() {}
}
