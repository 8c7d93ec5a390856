public import DiskLayout

/// What a node is to do with its disks: the signed part of a plan, told apart from others by its number.
public struct InstallOrder: Codable, Hashable, Sendable {
    /// Which of the node's installs this is: the generation that its admin asked for, counted from 1.
    public var number: Int64
    /// Exact generation, `compute@12`.
    public var capsule: String
    public var layout: DiskLayout
    public var wishes: InstallWishes
    /// What the installed machine checks in with, in the place of a boot script's token.
    public var credential: String
    /// 32 hex digits, the same at each install (machine-id(5)).
    public var machineID: String

    public init(
        number: Int64, capsule: String, layout: DiskLayout, wishes: InstallWishes = InstallWishes(), credential: String,
        machineID: String
    ) {
        self.number = number
        self.capsule = capsule
        self.layout = layout
        self.wishes = wishes
        self.credential = credential
        self.machineID = machineID
    }
}
