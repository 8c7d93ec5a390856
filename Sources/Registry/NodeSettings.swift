public import BootMachine

/// What a node, a group, all nodes, and the settings file may each say. Nil: it is left to the next of them.
public struct NodeSettings: Codable, Hashable, Sendable {
    /// `compute@12` or `compute:stable`.
    public var capsule: String?
    public var provider: NodeProvider?
    /// Overrides what the kernels would choose.
    public var handoff: Plan.Handoff?
    /// For the kernel of stage 1 and what follows; they replace those of the next in line, and do not add to them.
    public var kernelArguments: String?
    /// Where the kernel talks, as `console=` takes it: `ttyS1,115200`. It replaces what the arguments say of that.
    public var console: String?
    /// How fast a node may fetch capsules over all its connections, in bytes a second.
    public var nodeRate: Int64?
    /// How its BMC is spoken to.
    public var power: PowerProtocol?
    /// The BMC's user.
    public var powerUser: String?

    public init(
        capsule: String? = nil, provider: NodeProvider? = nil, handoff: Plan.Handoff? = nil,
        kernelArguments: String? = nil, console: String? = nil,
        nodeRate: Int64? = nil
    ) {
        self.capsule = capsule
        self.provider = provider
        self.handoff = handoff
        self.kernelArguments = kernelArguments
        self.console = console
        self.nodeRate = nodeRate
    }
}

/// How a node gets what it runs.
public enum NodeProvider: String, Codable, CaseIterable, Hashable, Sendable {
    /// The capsule is its root, in memory.
    case diskless
    /// The capsule is installed to its disk, once, and boots from there.
    case disk
    /// It boots whatever its disk holds.
    case local
    /// A virtual machine of this host.
    case virtual
}
