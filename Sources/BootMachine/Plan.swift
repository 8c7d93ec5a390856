/// What a node is to do on this attempt, with the reason for each choice.
public struct Plan: Codable, Hashable, Sendable {
    public enum Action: String, Codable, Hashable, Sendable {
        /// Stream the capsule, assemble the root, hand over.
        case diskless
        /// Put the capsule on the node's disks, as `install` says.
        case disk
        /// The disk has what it should have: start the machine anew, which boots from it.
        case local
        /// Report in again after `waitSeconds`: an unknown node in quarantine, or one without a capsule.
        case wait
    }

    /// How stage 1 hands over to the runtime OS.
    public enum Handoff: String, Codable, CaseIterable, Hashable, Sendable {
        /// The running kernel is the capsule's own: change the root and start its init.
        case `switch`
        /// The capsule brings another kernel: load it with kexec, then go on as under `switch`.
        case kexec
    }

    /// A disk of the node's own that may keep chunks from boot to boot.
    public struct Cache: Codable, Hashable, Sendable {
        /// The label that an admin gave its file system. A node without such a disk does without.
        public var label: String
        /// Most bytes that chunks may take there.
        public var limitBytes: Int64

        public static let standard = Cache(label: "PERSEID-CACHE", limitBytes: 16 << 30)

        public init(label: String, limitBytes: Int64) {
            self.label = label
            self.limitBytes = limitBytes
        }
    }

    public var action: Action
    /// The node's name, which becomes its host name.
    public var nodeName: String
    /// Exact generation, `compute@12`; nil where there is nothing to boot.
    public var capsule: String?
    public var handoff: Handoff
    /// Base URLs to fetch capsules from, tried in order.
    public var servers: [String]
    /// For `wait`, and between heartbeats once ready.
    public var waitSeconds: Int
    /// Most bytes a second that the node asks for while it fetches; nil: as fast as it goes.
    public var bytesPerSecond: Int64?
    /// Nil: chunks are kept nowhere.
    public var cache: Cache?
    /// With `disk`: the order, signed, as JSON (`SignedOrder` of an `InstallOrder`).
    public var install: String?
    /// One line per choice.
    public var reasons: [String]

    public init(
        action: Action, nodeName: String, capsule: String?, handoff: Handoff, servers: [String], waitSeconds: Int,
        bytesPerSecond: Int64? = nil, cache: Cache? = nil, reasons: [String]
    ) {
        self.action = action
        self.nodeName = nodeName
        self.capsule = capsule
        self.handoff = handoff
        self.servers = servers
        self.waitSeconds = waitSeconds
        self.bytesPerSecond = bytesPerSecond
        self.cache = cache
        self.reasons = reasons
    }
}
