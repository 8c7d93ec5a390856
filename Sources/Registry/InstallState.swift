public import BootMachine

/// What a node's own disks are to have and have: the generation that its admin asked for against the one that is there.
///
/// A node without one boots from the network. The two numbers are counted by asking, so that the same capsule can be
/// asked for again, and nothing is ever installed unasked.
public struct InstallState: Hashable, Sendable {
    /// How often an install was asked for: the order that counts.
    public var desired: Int64
    /// The last order that was carried out; 0: none.
    public var achieved: Int64
    /// The generation that is on the disk.
    public var capsule: String?
    /// Milliseconds since 1970.
    public var requested: Int64
    /// How the order that counts is to be carried out.
    public var wishes: InstallWishes
    public var installed: Int64?
    /// SHA-256 of what the installed machine checks in with.
    public var credential: [UInt8]?
    /// Of the order that is under way: it counts when that is carried out, or as soon as the machine shows it.
    public var nextCredential: [UInt8]?

    public init(
        desired: Int64, achieved: Int64 = 0, capsule: String? = nil, requested: Int64,
        wishes: InstallWishes = InstallWishes(), installed: Int64? = nil, credential: [UInt8]? = nil,
        nextCredential: [UInt8]? = nil
    ) {
        self.desired = desired
        self.achieved = achieved
        self.capsule = capsule
        self.requested = requested
        self.wishes = wishes
        self.installed = installed
        self.credential = credential
        self.nextCredential = nextCredential
    }

    /// An install was asked for and is not there yet.
    public var isDue: Bool { desired > achieved }
    /// The disk has what was asked for: the node boots from it.
    public var isDone: Bool { desired > 0 && desired == achieved }
}
