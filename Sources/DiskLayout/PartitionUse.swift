/// What a partition is for, which its type in the table says to firmware and other systems.
enum PartitionUse: Hashable {
    case linux, swap, raid, lvm, efiSystem, biosBoot, extended, prep, microsoftReserved, diagnostics

    init(of partition: Partition, on disk: Disk, in layout: DiskLayout) {
        let device = DiskLayout.Device.partition(disk: disk.name, number: partition.number)
        let flags = partition.flags
        if partition.place == .extended {
            self = .extended
        } else if flags.contains(.biosBoot) {
            self = .biosBoot
        } else if flags.contains(.esp) || (disk.label == .gpt && flags.contains(.boot)) {
            // In a GPT parted's `boot` is another word for `esp`.
            self = .efiSystem
        } else if flags.contains(.raid) || partition.array != nil {
            self = .raid
        } else if flags.contains(.lvm) || partition.group != nil {
            self = .lvm
        } else if flags.contains(.prep) {
            self = .prep
        } else if flags.contains(.microsoftReserved) {
            self = .microsoftReserved
        } else if flags.contains(.diagnostics) {
            self = .diagnostics
        } else if flags.contains(.swap)
            || layout.fileSystems.contains(where: { $0.device == device && $0.kind == .swap })
        {
            self = .swap
        } else {
            self = .linux
        }
    }

    /// Two hex digits, or a GUID: those of UEFI 2.10 (5.3.3) and of the Discoverable Partitions Specification.
    func type(in label: Disk.Label) -> String {
        label == .msdos ? msdos : gpt
    }

    private var msdos: String {
        switch self {
        case .linux, .biosBoot: "83"
        case .swap: "82"
        case .raid: "fd"
        case .lvm: "8e"
        case .efiSystem: "ef"
        case .extended: "5"
        case .prep: "41"
        case .microsoftReserved: "c"
        case .diagnostics: "12"
        }
    }

    private var gpt: String {
        switch self {
        case .linux, .extended: "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
        case .swap: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"
        case .raid: "A19D880F-05FC-4D3B-A006-743F0F84911E"
        case .lvm: "E6D6D379-F507-44C2-A23C-238F2A3DF928"
        case .efiSystem: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
        case .biosBoot: "21686148-6449-6E6F-744E-656564454649"
        case .prep: "9E1A2D38-C612-4316-AA26-8B49521E5A8B"
        case .microsoftReserved: "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
        case .diagnostics: "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
        }
    }
}
