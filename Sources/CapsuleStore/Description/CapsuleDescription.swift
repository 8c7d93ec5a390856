public import CapsuleFormat

/// What is in a capsule, as its `capsule.yaml` says: where the root comes from, and what is made of it.
public struct CapsuleDescription: Hashable, Sendable {
    /// A file, directory or link that is put into the root, in the place of what is there.
    public struct Entry: Hashable, Sendable {
        public enum Contents: Hashable, Sendable {
            case text(String)
            /// A file beside the description.
            case file(String)
            case directory
            case link(String)
        }

        /// Absolute, as the node sees it.
        public var path: String
        public var contents: Contents
        /// The lower twelve bits of `st_mode`; nil is 0644 of files and 0755 of directories.
        public var permissions: UInt32?
        /// A name of the root's own, or a number.
        public var owner: String
        public var group: String
    }

    public struct User: Hashable, Sendable {
        public var name: String
        public var id: UInt32?
        public var group: String?
        /// Further groups.
        public var groups: [String] = []
        /// A hash of crypt(5); nil locks the password.
        public var passwordHash: String?
        public var keys: [String] = []
        public var home: String?
        public var shell: String?
    }

    public struct Group: Hashable, Sendable {
        public var name: String
        public var id: UInt32?
    }

    public struct Services: Hashable, Sendable {
        public var enabled: [String] = []
        public var disabled: [String] = []
        public var masked: [String] = []

        var isEmpty: Bool { enabled.isEmpty && disabled.isEmpty && masked.isEmpty }
    }

    /// A program that the node runs: kept in the root, and pinned by the manifest.
    public struct Script: Hashable, Sendable {
        public var name: String
        public var stage: NodeScript.Stage
        public var contents: Entry.Contents
    }

    /// As on the command line; nil where only packages are named.
    public var source: String?
    public var suite: String?
    /// dnf's `$releasever`: the packages are RPM's then.
    public var release: String?
    /// Paths of `.repo` files, or of directories of them.
    public var repositories: [String] = []
    public var packages: [String] = []
    public var kernel: String?
    public var kernelArguments: String?
    public var files: [Entry] = []
    public var users: [User] = []
    public var groups: [Group] = []
    public var services = Services()
    /// Shell patterns relative to the root.
    public var excluded: [String] = []
    public var scripts: [Script] = []
    public var imageFormat = ImageFormat.squashfs
    public var rootMode = RootMode.overlay
    public var retention: RetentionPolicy?
    /// Where relative paths begin.
    public var directory: String

    public init(directory: String) {
        self.directory = directory
    }

    /// Whether anything of the root itself is changed.
    var changesTheRoot: Bool {
        !(files.isEmpty && users.isEmpty && groups.isEmpty && services.isEmpty && scripts.isEmpty)
    }

    /// A path of the description, from its own directory.
    func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }
}

/// How a root's image is written.
public enum ImageFormat: String, CaseIterable, Hashable, Sendable {
    /// zstd, 128 KiB blocks.
    case squashfs
    /// lz4: larger, and faster to read at random.
    case erofs

    /// As the manifest has it.
    var name: String {
        switch self {
        case .squashfs: "squashfs-zstd"
        case .erofs: "erofs-lz4"
        }
    }
}
