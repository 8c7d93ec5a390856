/// What an installed machine's disks are to look like: one model behind SystemImager's XML, SystemInstaller's table and
/// the YAML form. Pure values, which the agent links: no Foundation, no I/O.
///
/// Names are the layout's own. `/dev/sda1` in a layout is partition 1 of the layout's disk `/dev/sda`, wherever that
/// disk turns out to be on a machine; see `DiskResolution`.
public struct DiskLayout: Codable, Hashable, Sendable {
    public var disks: [Disk]
    public var arrays: [RaidArray]
    public var groups: [VolumeGroup]
    /// In the order of the fstab(5) that is written of them.
    public var fileSystems: [FileSystem]
    public var loader: BootLoaderChoice

    public init(
        disks: [Disk], arrays: [RaidArray] = [], groups: [VolumeGroup] = [], fileSystems: [FileSystem] = [],
        loader: BootLoaderChoice = BootLoaderChoice()
    ) {
        self.disks = disks
        self.arrays = arrays
        self.groups = groups
        self.fileSystems = fileSystems
        self.loader = loader
    }

    /// A block device as a layout names it.
    public enum Device: Codable, Hashable, Sendable {
        /// A whole disk, by the layout's name for it.
        case disk(String)
        case partition(disk: String, number: Int)
        /// `/dev/md0`
        case array(String)
        case volume(group: String, name: String)
        /// What is no block device of this layout: `server:/home`, `tmpfs`.
        case other(String)
    }
}

/// A disk and its partition table.
public struct Disk: Codable, Hashable, Sendable {
    /// How a disk is divided.
    public enum Label: String, Codable, CaseIterable, Hashable, Sendable {
        case gpt
        /// The table of the BIOS's time: four partitions, one of which may be extended.
        case msdos
        /// No table: the whole disk is one device, for RAID or LVM.
        case none
    }

    /// What to do with a disk that has data.
    public enum Data: String, Codable, CaseIterable, Hashable, Sendable {
        case erase
        /// The install is refused before the first write.
        case refuse
    }

    /// `/dev/sda`, or any name; partitions are referred to by it.
    public var name: String
    public var selector: DiskSelector
    public var label: Label
    public var partitions: [Partition]
    public var data: Data
    /// For a disk without a table: the array or volume group that takes all of it.
    public var array: String?
    public var group: String?

    public init(
        name: String, selector: DiskSelector, label: Label, partitions: [Partition] = [], data: Data = .erase,
        array: String? = nil, group: String? = nil
    ) {
        self.name = name
        self.selector = selector
        self.label = label
        self.partitions = partitions
        self.data = data
        self.array = array
        self.group = group
    }
}

/// Which disk of a machine is meant: all that is said must hold.
public struct DiskSelector: Codable, Hashable, Sendable {
    /// Which of several that fit.
    public enum Choice: String, Codable, CaseIterable, Hashable, Sendable {
        /// In the order of the kernel's names.
        case first
        case smallest, largest
    }

    /// `/dev/sda`, or one of its other names below `/dev/disk`.
    public var device: String?
    /// The serial number, the WWN, or a name of `/dev/disk/by-id`.
    public var id: String?
    /// As the disk calls itself; `*` and `?` are wild.
    public var model: String?
    /// Bytes.
    public var atLeast: UInt64?
    public var atMost: UInt64?
    public var choice: Choice

    public init(
        device: String? = nil, id: String? = nil, model: String? = nil, atLeast: UInt64? = nil, atMost: UInt64? = nil,
        choice: Choice = .first
    ) {
        self.device = device
        self.id = id
        self.model = model
        self.atLeast = atLeast
        self.atMost = atMost
        self.choice = choice
    }
}

/// One partition.
public struct Partition: Codable, Hashable, Sendable {
    /// Where in the table of the BIOS's time; GPT has primary ones only.
    public enum Place: String, Codable, CaseIterable, Hashable, Sendable {
        case primary, extended, logical
    }

    /// Parted's names of flags, those that the kernel or a firmware heeds.
    public enum Flag: String, Codable, CaseIterable, Hashable, Sendable {
        case boot, esp, raid, lvm, swap
        case biosBoot = "bios_grub"
        case legacyBoot = "legacy_boot"
        case hidden, root, lba, prep
        case microsoftReserved = "msftres"
        case diagnostics = "diag"
    }

    public var number: Int
    public var size: Extent
    public var place: Place
    /// A type of the table's own: two hex digits (msdos) or a GUID; nil: what flags and use say.
    public var type: String?
    /// GPT only, at most 36 UTF-16 units.
    public var label: String?
    public var flags: Set<Flag>
    public var array: String?
    public var group: String?
    /// It stays with what is in it: where it is, as large as it is.
    public var keep: Bool

    public init(
        number: Int, size: Extent, place: Place = .primary, type: String? = nil, label: String? = nil,
        flags: Set<Flag> = [], array: String? = nil, group: String? = nil, keep: Bool = false
    ) {
        self.number = number
        self.size = size
        self.place = place
        self.type = type
        self.label = label
        self.flags = flags
        self.array = array
        self.group = group
        self.keep = keep
    }
}

/// How large something is.
public enum Extent: Codable, Hashable, Sendable {
    case bytes(UInt64)
    /// Of the disk's own size.
    case sectors(UInt64)
    /// Of the whole disk or volume group, in thousandths of a per cent so that values stay exact: 12.5 % is 12_500.
    case percent(thousandths: UInt64)
    /// What the others leave: once a disk, in any place.
    case rest
}

/// Software RAID (md(4)).
public struct RaidArray: Codable, Hashable, Sendable {
    public enum Level: String, Codable, CaseIterable, Hashable, Sendable {
        case linear
        case striped = "0"
        case mirrored = "1"
        case dedicatedParity = "4"
        case parity = "5"
        case doubleParity = "6"
        case stripedMirrors = "10"

        /// Fewest active members.
        public var minimumMembers: Int {
            switch self {
            case .linear, .striped, .mirrored, .stripedMirrors: 2
            case .dedicatedParity, .parity: 3
            case .doubleParity: 4
            }
        }

        /// Whether a spare can ever take a member's place.
        public var takesSpares: Bool { self != .linear && self != .striped }
    }

    /// `/dev/md0`
    public var name: String
    public var level: Level
    public var members: [DiskLayout.Device]
    public var spares: [DiskLayout.Device]
    /// Bytes.
    public var chunk: UInt64?
    /// As mdadm(8) names it: `left-symmetric`, `n2`.
    public var arrangement: String?
    public var group: String?
    /// Active members, where it is said; `members` must be as many.
    public var deviceCount: Int?
    public var spareCount: Int?

    public init(
        name: String, level: Level, members: [DiskLayout.Device] = [], spares: [DiskLayout.Device] = [],
        chunk: UInt64? = nil, arrangement: String? = nil, group: String? = nil, deviceCount: Int? = nil,
        spareCount: Int? = nil
    ) {
        self.name = name
        self.level = level
        self.members = members
        self.spares = spares
        self.chunk = chunk
        self.arrangement = arrangement
        self.group = group
        self.deviceCount = deviceCount
        self.spareCount = spareCount
    }
}

/// An LVM volume group with its volumes. Which devices it is on, those say (`Partition.group`, `RaidArray.group`).
public struct VolumeGroup: Codable, Hashable, Sendable {
    public struct Volume: Codable, Hashable, Sendable {
        public var name: String
        public var size: Extent
        /// Arguments of lvcreate(8), one each.
        public var options: [String]

        public init(name: String, size: Extent, options: [String] = []) {
            self.name = name
            self.size = size
            self.options = options
        }
    }

    public var name: String
    /// Bytes, a power of two; nil: LVM's own 4 MiB.
    public var extentBytes: UInt64?
    public var maximumVolumes: Int?
    public var maximumDevices: Int?
    public var volumes: [Volume]

    public init(
        name: String, extentBytes: UInt64? = nil, maximumVolumes: Int? = nil, maximumDevices: Int? = nil,
        volumes: [Volume] = []
    ) {
        self.name = name
        self.extentBytes = extentBytes
        self.maximumVolumes = maximumVolumes
        self.maximumDevices = maximumDevices
        self.volumes = volumes
    }
}
