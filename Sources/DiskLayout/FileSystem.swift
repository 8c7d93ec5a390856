/// A line of fstab(5), and how what it names is made.
public struct FileSystem: Codable, Hashable, Sendable {
    /// What can be made here.
    public enum Kind: String, Codable, CaseIterable, Hashable, Sendable {
        case ext2, ext3, ext4, xfs, btrfs, vfat, swap
        /// Mounted from elsewhere, or made by the kernel: only its line in fstab is written.
        case nfs, nfs4, tmpfs, none

        /// Whether it lies on a block device of this machine.
        public var isOnDisk: Bool {
            switch self {
            case .ext2, .ext3, .ext4, .xfs, .btrfs, .vfat, .swap: true
            case .nfs, .nfs4, .tmpfs, .none: false
            }
        }

        /// Longest label, in bytes; 0 where it has none.
        public var longestLabel: Int {
            switch self {
            case .ext2, .ext3, .ext4, .swap: 16
            case .xfs: 12
            case .btrfs: 255
            case .vfat: 11
            case .nfs, .nfs4, .tmpfs, .none: 0
            }
        }
    }

    /// How fstab names the device.
    public enum Naming: String, Codable, CaseIterable, Hashable, Sendable {
        case uuid, label, device, partuuid
    }

    public var device: DiskLayout.Device
    /// `/`, `/boot`; nil: swap and what is made but not mounted.
    public var mountPoint: String?
    public var kind: Kind
    /// mount(8)'s, with commas between.
    public var options: String
    /// Arguments of the program that makes it, one each.
    public var makeOptions: [String]
    public var dump: Int
    public var pass: Int
    public var naming: Naming
    public var label: String?
    /// False: what is there stays, and is only mounted.
    public var format: Bool
    public var comment: String?

    public init(
        device: DiskLayout.Device, mountPoint: String?, kind: Kind, options: String = "defaults",
        makeOptions: [String] = [], dump: Int = 0, pass: Int = 0, naming: Naming = .uuid, label: String? = nil,
        format: Bool = true, comment: String? = nil
    ) {
        self.device = device
        self.mountPoint = mountPoint
        self.kind = kind
        self.options = options
        self.makeOptions = makeOptions
        self.dump = dump
        self.pass = pass
        self.naming = naming
        self.label = label
        self.format = format
        self.comment = comment
    }
}

/// How the installed machine starts.
public struct BootLoaderChoice: Codable, Hashable, Sendable {
    public enum Flavor: String, Codable, CaseIterable, Hashable, Sendable {
        case grub2
        case systemdBoot = "systemd"
        /// The machine boots by other means; nothing is written.
        case none
    }

    /// Which firmware it is for; nil: the one that the machine was booted by.
    public enum Firmware: String, Codable, CaseIterable, Hashable, Sendable {
        case legacy, efi
    }

    public var flavor: Flavor
    public var firmware: Firmware?
    /// Disks whose first sector gets the loader (BIOS); empty: every disk that has a part of `/boot`.
    public var targets: [DiskLayout.Device]
    /// Seconds that the menu waits.
    public var timeout: Int
    /// Which entry starts by itself.
    public var defaultEntry: String?

    public init(
        flavor: Flavor = .grub2, firmware: Firmware? = nil, targets: [DiskLayout.Device] = [], timeout: Int = 2,
        defaultEntry: String? = nil
    ) {
        self.flavor = flavor
        self.firmware = firmware
        self.targets = targets
        self.timeout = timeout
        self.defaultEntry = defaultEntry
    }
}
