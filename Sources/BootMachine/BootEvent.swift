public import BootProtocols

/// One thing that happened to one node: a line of its timeline.
public struct BootEvent: Codable, Hashable, Sendable {
    /// What kinds of events there are. The transition table has a column for each.
    public enum Kind: String, Codable, CaseIterable, Hashable, Sendable {
        /// Whoever switched the machine on says so (the lab, later a BMC).
        case poweredOn = "powered-on"
        /// A boot ROM sent its first DISCOVER: a new attempt begins.
        case discovered
        /// An address was offered to a boot program or an agent.
        case offered
        /// An address was acknowledged; its lease is on stable storage.
        case leased
        /// A boot program asked another DHCP server for an address, and will use it.
        case addressSeen = "address-seen"
        /// A loader, kernel or initramfs was sent whole.
        case fileSent = "file-sent"
        /// The node put a file into the directory that is set for it, whole.
        case fileReceived = "file-received"
        /// The script for this MAC was rendered and sent.
        case scriptSent = "script-sent"
        /// Stage 1 checked in and got its plan.
        case checkedIn = "checked-in"
        /// A step of provisioning, with how far it is.
        case progress
        /// A chunk failed verification and is fetched again.
        case chunkRejected = "chunk-rejected"
        /// The transfer broke and went on from the bytes that were there.
        case transferResumed = "transfer-resumed"
        /// The capsule is on the node's disks, which it boots from now on.
        case installed
        /// The boot program was told to start what is on the node's own disk.
        case localBoot = "local-boot"
        /// Stage 1 hands over to the runtime OS.
        case handingOff = "handing-off"
        /// The runtime OS is up.
        case ready
        /// The runtime OS is still up. Not kept as a line: it moves `lastSeen`.
        case heartbeat
        /// No heartbeat for longer than the limit.
        case heartbeatMissed = "heartbeat-missed"
        /// The node says that it failed, and why. It tries again by itself.
        case failed
        /// A state lasted longer than its limit.
        case timedOut = "timed-out"
        /// Something was asked for and not given; `detail` has the reason.
        case refused
        /// Another DHCP server than ours answered this machine, or was chosen by it.
        case foreignServer = "foreign-server"
    }

    /// What carried the bytes.
    public enum Transport: String, Codable, Hashable, Sendable {
        case dhcp, tftp, http, https
    }

    public var node: MACAddress
    public var kind: Kind
    /// Milliseconds since 1970.
    public var at: Int64
    public var transport: Transport?
    /// Bytes on the wire, payload only.
    public var bytes: Int64?
    /// How long the step took, in milliseconds.
    public var milliseconds: Int64?
    /// 0...100
    public var percent: Int?
    /// One line for people: the file, the address, the step, or the reason.
    public var detail: String

    public init(
        node: MACAddress, kind: Kind, at: Int64, transport: Transport? = nil, bytes: Int64? = nil,
        milliseconds: Int64? = nil, percent: Int? = nil, detail: String = ""
    ) {
        self.node = node
        self.kind = kind
        self.at = at
        self.transport = transport
        self.bytes = bytes
        self.milliseconds = milliseconds
        self.percent = percent
        self.detail = detail
    }
}
