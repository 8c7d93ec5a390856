/// What a node is to do with a capsule beside booting it. Under the signature, as all of the manifest.
public struct CapsuleSettings: Codable, Hashable, Sendable {
    public var rootMode: RootMode
    /// A stage runs its own in the order of their names, byte by byte.
    public var scripts: [NodeScript]

    public init(rootMode: RootMode = .overlay, scripts: [NodeScript] = []) {
        self.rootMode = rootMode
        self.scripts = scripts
    }
}

/// How a node gets its root out of the image.
public enum RootMode: String, Codable, CaseIterable, Hashable, Sendable {
    /// The image in memory, and a tmpfs over it for what is written.
    case overlay
    /// Every file unpacked into a tmpfs, after which the image is let go.
    case tmpfs
    /// As `overlay`, and the node starts before all of the image is there: what is read is fetched first.
    case lazy
}

/// A program in the root that the node runs.
public struct NodeScript: Codable, Hashable, Sendable {
    public enum Stage: String, Codable, CaseIterable, Hashable, Sendable {
        /// Of an install: by stage 1 beside the install tools, after the disks were looked at and before anything is
        /// written. The capsule is not there yet, so it cannot bring one.
        case preInstall = "pre-install"
        /// By the agent, in the root that was assembled, before its init starts.
        case handoff
        /// Of an install: in the new root on the disk, with its boot loader in place, before it is unmounted.
        case postInstall = "post-install"
        /// Of an update of an installed node: by the agent in the running system, before anything is changed, and when all
        /// is. A capsule brings none: an agent that is older than they are could not read its manifest.
        case preUpdate = "pre-update"
        case postUpdate = "post-update"
        /// By the agent in the running system, before it reports ready.
        case ready

        /// Whether only an install runs it.
        public var isOfInstalls: Bool { self == .preInstall || self == .postInstall }
        /// Whether only an update runs it.
        public var isOfUpdates: Bool { self == .preUpdate || self == .postUpdate }
        /// Those whose scripts a capsule may bring.
        public static var ofCapsules: [Stage] { allCases.filter { $0 != .preInstall && !$0.isOfUpdates } }
    }

    public var name: String
    public var stage: Stage
    /// Of the file at `path`.
    public var sha256: ContentDigest

    public init(name: String, stage: Stage, sha256: ContentDigest) {
        self.name = name
        self.stage = stage
        self.sha256 = sha256
    }

    /// Where it is in the root, mode 0755.
    public var path: String { Self.directory(of: stage) + name }

    /// Of a stage's scripts, with a slash at its end.
    public static func directory(of stage: Stage) -> String { "/usr/lib/perseid/scripts/\(stage.rawValue)/" }

    /// 1 to 64 of `a-z0-9_-`.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
            }
    }
}
