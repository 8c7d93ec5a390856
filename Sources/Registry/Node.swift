public import BootMachine
public import BootProtocols

/// A machine that Perseid knows, keyed by MAC.
public struct Node: Codable, Hashable, Sendable {
    public var mac: MACAddress
    /// A host name label (RFC 1123, 2.1), unique.
    public var name: String
    /// `compute@12` or `compute:stable`; nil: the default capsule.
    public var capsule: String?
    /// False: the node is ignored by the boot plane, with an event.
    public var enabled: Bool
    /// False for a MAC that policy let in by itself and no admin has approved: quarantine.
    public var approved: Bool
    /// Overrides what the kernels would choose.
    public var handoff: Plan.Handoff?
    /// The address that DHCP gives it, and nobody else; no two nodes have the same. Nil: any.
    public var address: IPv4Address?

    public init(
        mac: MACAddress, name: String, capsule: String? = nil, enabled: Bool = true, approved: Bool = true,
        handoff: Plan.Handoff? = nil, address: IPv4Address? = nil
    ) {
        self.mac = mac
        self.name = name
        self.capsule = capsule
        self.enabled = enabled
        self.approved = approved
        self.handoff = handoff
        self.address = address
    }
}
