public import CapsuleFormat

/// What else there is to say about a build.
public struct CapsuleBuildOptions: Hashable, Sendable {
    /// The kernel command line that the manifest carries.
    public var kernelCommandLine: String
    /// The channel that points at the new generation afterwards; nil moves none.
    public var channel: CapsuleName?
    /// Seconds since 1970 from which no node boots it; nil for never.
    public var expires: Int64?
    /// Asks apt for the kernel and packs its modules anew, whatever the cache holds.
    public var refresh: Bool
    /// What the manifest says to the node, where no description does.
    var settings: CapsuleSettings?
    /// An ssh_config(5) for `ssh://` sources; nil for the caller's own.
    public var sshConfiguration: String?
    /// Of a machine that is copied, what is left out beside what always is: patterns of rsync(1) from the root.
    public var excluded: [String] = []

    public init(
        kernelCommandLine: String = "console=tty0 console=ttyS0,115200n8",
        channel: CapsuleName? = CapsuleName(CapsuleReference.defaultChannel), expires: Int64? = nil,
        refresh: Bool = false
    ) {
        self.kernelCommandLine = kernelCommandLine
        self.channel = channel
        self.expires = expires
        self.refresh = refresh
    }
}

/// How far a build is.
public struct CapsuleBuildProgress: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        /// Getting the kernel: from its package, its directory or the tree.
        case kernel
        /// Unpacking or installing the root file system.
        case root
        /// Writing a stream's file.
        case packing(StreamRole)
        /// Cutting a stream into chunks and storing those that are new.
        case chunking(StreamRole)
        case publishing
    }

    public var phase: Phase
    /// Bytes that are done; 0 where a program does not tell.
    public var done: Int64
    /// Nil where nobody knows.
    public var total: Int64?
}

/// A capsule that was built.
public struct BuiltCapsule: Hashable, Sendable {
    public let generation: CapsuleGeneration
    public let manifest: CapsuleManifest
    /// Bytes that had to be stored.
    public let newBytes: Int64
    /// Bytes that the store had already.
    public let sharedBytes: Int64
    /// Device nodes that its source brought and that are in its image.
    public let devices: [String]
}
