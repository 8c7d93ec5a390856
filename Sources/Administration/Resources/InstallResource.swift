public import BootMachine
import BootProtocols
import Registry

/// What a node's own disks are to have and have, and how far the last install is: `/api/v1/installs`.
public struct InstallResource: Codable, Hashable, Sendable {
    public var node: String
    public var mac: String
    public var state: NodeState
    /// How often an install was asked for, and the last of these orders that was carried out; 0: none.
    public var desired: Int64
    public var achieved: Int64
    /// The generation that is on the disk.
    public var capsule: String?
    /// When the last one was asked for, and when one was done: milliseconds since 1970.
    public var requested: Int64
    public var installed: Int64?
    /// What comes after it, and the steps that it stops before.
    public var then: String
    public var `break`: [InstallStep]
    /// How far the order is that counts; nil: it waits for the next boot, or was done before this one.
    public var progress: Progress?

    /// How far one is, by the words of the machine.
    public struct Progress: Codable, Hashable, Sendable {
        public var step: String
        /// 0...100 of the whole install.
        public var percent: Int?
        public var bytesPerSecond: Int64?
        /// Of what was heard last, in milliseconds since 1970.
        public var at: Int64
        public var detail: String
    }

    /// An install was asked for and is not there yet.
    public var isDue: Bool { desired > achieved }

    init(_ record: NodeRecord, _ install: InstallState, _ found: InstallProgress?) {
        node = record.node.name
        mac = record.node.mac.description
        state = record.state
        desired = install.desired
        achieved = install.achieved
        capsule = install.capsule
        requested = install.requested
        installed = install.installed
        then = install.wishes.afterwards.rawValue
        self.break = install.wishes.breakpoints
        progress = found.map {
            Progress(
                step: $0.step, percent: $0.percent, bytesPerSecond: $0.bytesPerSecond, at: $0.at, detail: $0.detail)
        }
    }
}

/// The body of `POST` and `DELETE /api/v1/installs`.
public struct InstallRequest: Codable, Hashable, Sendable {
    public var select: [String]
    /// What comes afterwards; nil: a restart.
    public var then: String?
    /// Steps to stop before.
    public var `break`: [InstallStep]?
    public var options: ChangeOptions?

    public init(select: [String], wishes: InstallWishes = InstallWishes(), options: ChangeOptions? = nil) {
        self.select = select
        then = wishes.afterwards.rawValue
        self.break = wishes.breakpoints
        self.options = options
    }
}
