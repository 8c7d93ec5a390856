public import BootMachine
public import BootProtocols

/// A machine that Perseid knows, keyed by the MAC address that it boots from.
public struct Node: Codable, Hashable, Sendable {
    public var mac: MACAddress
    /// A host name label (RFC 1123, 2.1), unique.
    public var name: String
    /// What it says itself; the rest its groups say.
    public var settings: NodeSettings
    /// Those that come first win.
    public var groups: [String]
    /// False: the node is ignored by the boot plane, with an event.
    public var enabled: Bool
    /// False for a MAC that policy let in by itself and no admin has approved: quarantine.
    public var approved: Bool
    /// The address that DHCP gives it, and nobody else; no two nodes have the same. Nil: any.
    public var address: IPv4Address?
    /// Its other interfaces: it may boot from each of them.
    public var interfaces: [NodeInterface] = []
    /// SMBIOS system UUID (DSP0134, 7.2.1), lower case, with hyphens.
    public var uuid: String?
    public var serial: String?
    /// Where its BMC is, as `BMCAddress` has it. Nil: where the machine itself says.
    public var bmc: String?
    public var nextBoot: NextBoot?
    /// The exact generation that a disk of it is to hold, `compute@12`.
    public var desiredGeneration: String?
    /// The one that was installed last.
    public var achievedGeneration: String?
    /// Words to select it by.
    public var tags: [String] = []
    public var comment: String?
    /// The number of the change that wrote it last; the store sets it.
    public var version: Int64 = 0

    public init(
        mac: MACAddress, name: String, capsule: String? = nil, enabled: Bool = true, approved: Bool = true,
        handoff: Plan.Handoff? = nil, address: IPv4Address? = nil, groups: [String] = [],
        provider: NodeProvider? = nil
    ) {
        self.mac = mac
        self.name = name
        self.groups = groups
        self.enabled = enabled
        self.approved = approved
        self.address = address
        settings = NodeSettings(capsule: capsule, provider: provider, handoff: handoff)
    }

    /// `compute@12` or `compute:stable`, where the node itself names one.
    public var capsule: String? {
        get { settings.capsule }
        set { settings.capsule = newValue }
    }

    public var handoff: Plan.Handoff? {
        get { settings.handoff }
        set { settings.handoff = newValue }
    }

    public var provider: NodeProvider? {
        get { settings.provider }
        set { settings.provider = newValue }
    }

    /// Every address of it, the one that it boots from first.
    public var macs: [MACAddress] { [mac] + interfaces.map(\.mac) }
}
