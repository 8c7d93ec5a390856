/// One program that changes a disk: by its argument list, never through a shell.
public struct DiskCommand: Codable, Hashable, Sendable {
    /// What part of the work it belongs to.
    public enum Step: String, Codable, CaseIterable, Hashable, Sendable {
        case wipe, partition, raid, lvm, format, swap
    }

    public var step: Step
    /// For people: `ext4 on /dev/vda2`.
    public var title: String
    /// Name first: `mkfs.ext4`, found by the runner among the install tools.
    public var words: [String]
    /// What it reads from its standard input.
    public var input: String?
    /// Devices that must have appeared when it has ended.
    public var makes: [String]

    public init(step: Step, title: String, words: [String], input: String? = nil, makes: [String] = []) {
        self.step = step
        self.title = title
        self.words = words
        self.input = input
        self.makes = makes
    }
}

/// A layout, its place on a machine, and the identities of what is made: from them everything else follows.
public struct DiskWork: Sendable {
    public let layout: DiskLayout
    public let plan: DiskPlan
    /// UUIDs by real path: those of kept file systems, and new ones for what is made.
    public let uuids: [String: String]

    /// - Parameter newUUID: a random UUID in its usual form, lower case (RFC 9562).
    public init(_ layout: DiskLayout, _ plan: DiskPlan, newUUID: () -> String) {
        self.layout = layout
        self.plan = plan
        var uuids = plan.keptUUIDs
        for system in layout.fileSystems where system.kind.isOnDisk && system.format {
            let path = plan.path(of: system.device)
            let uuid = newUUID()
            // A FAT has 32 bits: `1234-ABCD`.
            let short = uuid.filter { $0 != "-" }.prefix(8).uppercased()
            uuids[path] = system.kind == .vfat ? "\(short.prefix(4))-\(short.suffix(4))" : uuid
        }
        for array in layout.arrays { uuids[array.name] = newUUID() }
        self.uuids = uuids
    }

    /// LVM and udev wait for each other where udev does not run.
    public static let lvmConfiguration =
        "activation{udev_sync=0 udev_rules=0} devices{obtain_device_list_from_udev=0} global{use_lvmpolld=0} backup{backup=0 archive=0}"

    /// Everything up to the mounts, in order.
    public var commands: [DiskCommand] {
        partitioning + layout.arrays.flatMap(commands(for:)) + layout.groups.flatMap(commands(for:))
            + layout.fileSystems.compactMap(command(for:))
    }

    // MARK: - Tables

    private var partitioning: [DiskCommand] {
        plan.disks.flatMap { disk -> [DiskCommand] in
            guard disk.label != .none else { return [wipe(disk.path)] }
            let fresh = disk.partitions.filter { !$0.keep && $0.place != .extended }
            var commands = [
                DiskCommand(
                    step: .partition, title: "\(disk.label.rawValue) table on \(disk.path)",
                    words: [
                        "sfdisk", "--no-reread", "--no-tell-kernel", "--wipe", "always", "--wipe-partitions", "never",
                    ]
                        + ["--quiet", disk.path],
                    input: Self.script(disk)),
                DiskCommand(
                    step: .partition, title: "reading the table of \(disk.path)",
                    words: ["blockdev", "--rereadpt", disk.path], makes: disk.partitions.map(\.path)),
            ]
            // What lay there before must not be taken for what is there now.
            commands += fresh.map { wipe($0.path) }
            return commands
        }
    }

    private func wipe(_ path: String) -> DiskCommand {
        DiskCommand(
            step: .wipe, title: "signatures on \(path)", words: ["wipefs", "--all", "--force", "--quiet", path])
    }

    /// What sfdisk(8) reads: every partition with its place, so that nothing is left to its choice.
    static func script(_ disk: PlannedDisk) -> String {
        var lines = ["label: \(disk.label == .gpt ? "gpt" : "dos")", "unit: sectors"]
        if disk.sectorBytes != 512 { lines.append("sector-size: \(disk.sectorBytes)") }
        for partition in disk.partitions {
            var fields = ["start=\(partition.start)", "size=\(partition.sectors)", "type=\(partition.type)"]
            if let label = partition.label, disk.label == .gpt { fields.append("name=\"\(label)\"") }
            if let uuid = partition.uuid, disk.label == .gpt { fields.append("uuid=\(uuid)") }
            if partition.isBootable {
                fields.append(disk.label == .gpt ? "attrs=\"LegacyBIOSBootable\"" : "bootable")
            }
            lines.append("\(partition.number) : \(fields.joined(separator: ", "))")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    // MARK: - RAID and LVM

    private func commands(for array: RaidArray) -> [DiskCommand] {
        var words = [
            "mdadm", "--create", array.name, "--run", "--force", "--homehost=any", "--metadata=1.2", "--quiet",
            "--level=\(array.level.rawValue)", "--raid-devices=\(array.members.count)",
        ]
        if let uuid = uuids[array.name] { words.append("--uuid=\(Self.arrayUUID(uuid))") }
        if !array.spares.isEmpty { words.append("--spare-devices=\(array.spares.count)") }
        if let chunk = array.chunk { words.append("--chunk=\(chunk / 1024)K") }
        if let arrangement = array.arrangement { words.append("--layout=\(arrangement)") }
        // Without it mdadm asks about a bitmap; a short resync after a power cut is worth its writes.
        if [.mirrored, .parity, .doubleParity, .stripedMirrors].contains(array.level) {
            words.append("--bitmap=internal")
        }
        words += (array.members + array.spares).map { plan.path(of: $0) }
        return [
            DiskCommand(
                step: .raid, title: "RAID \(array.level.rawValue) \(array.name)", words: words, makes: [array.name]),
            wipe(array.name),
        ]
    }

    /// mdadm's form: four groups of eight digits.
    static func arrayUUID(_ uuid: String) -> String {
        let digits = Array(uuid.filter { $0 != "-" })
        return stride(from: 0, to: digits.count, by: 8).map { String(digits[$0..<min($0 + 8, digits.count)]) }
            .joined(separator: ":")
    }

    private func commands(for group: VolumeGroup) -> [DiskCommand] {
        let devices = layout.devices(of: group).map { plan.path(of: $0) }
        let settings = ["--config", Self.lvmConfiguration]
        var create = ["vgcreate"] + settings + ["--yes", "--quiet"]
        if let bytes = group.extentBytes { create += ["--physicalextentsize", "\(bytes)b"] }
        if let count = group.maximumVolumes { create += ["--maxlogicalvolumes", "\(count)"] }
        if let count = group.maximumDevices { create += ["--maxphysicalvolumes", "\(count)"] }
        var commands = [
            DiskCommand(
                step: .lvm, title: "LVM on \(devices.joined(separator: ", "))",
                words: ["pvcreate"] + settings + ["--yes", "--force", "--force", "--quiet"] + devices),
            DiskCommand(step: .lvm, title: "volume group \(group.name)", words: create + [group.name] + devices),
        ]
        // The one that takes what is left comes last, wherever it stands.
        for volume in group.volumes.filter({ $0.size != .rest }) + group.volumes.filter({ $0.size == .rest }) {
            commands.append(
                DiskCommand(
                    step: .lvm, title: "volume \(group.name)/\(volume.name)",
                    words: ["lvcreate"] + settings + ["--yes", "--quiet", "--wipesignatures", "y", "--zero", "y"]
                        + Self.size(volume.size) + volume.options + ["--name", volume.name, group.name],
                    makes: ["/dev/\(group.name)/\(volume.name)"]))
        }
        return commands
    }

    private static func size(_ extent: Extent) -> [String] {
        switch extent {
        case .bytes(let bytes): ["--size", "\(bytes)b"]
        case .sectors(let count): ["--size", "\(count)s"]
        // lvcreate(8) takes whole per cents.
        case .percent(let thousandths): ["--extents", "\(max(1, thousandths / 1000))%VG"]
        case .rest: ["--extents", "100%FREE"]
        }
    }

    // MARK: - File systems

    private func command(for system: FileSystem) -> DiskCommand? {
        guard system.format, system.kind.isOnDisk else { return nil }
        let path = plan.path(of: system.device)
        let words = make(system, uuid: uuids[path] ?? "") + system.makeOptions + [path]
        return DiskCommand(
            step: system.kind == .swap ? .swap : .format, title: "\(system.kind.rawValue) on \(path)", words: words)
    }

    private func make(_ system: FileSystem, uuid: String) -> [String] {
        func label(_ option: String) -> [String] { system.label.map { [option, $0] } ?? [] }
        switch system.kind {
        case .ext2, .ext3, .ext4:
            // -F: on a whole disk, too. Its inode tables are made by the kernel later, which an install need not await.
            return ["mkfs.\(system.kind.rawValue)", "-q", "-F", "-U", uuid] + label("-L")
        case .xfs: return ["mkfs.xfs", "-q", "-f", "-m", "uuid=\(uuid)"] + label("-L")
        case .btrfs: return ["mkfs.btrfs", "-q", "-f", "-U", uuid] + label("-L")
        case .vfat: return ["mkfs.vfat", "-i", uuid.filter { $0 != "-" }] + label("-n")
        case .swap: return ["mkswap", "-q", "-f", "-U", uuid] + label("-L")
        case .nfs, .nfs4, .tmpfs, .none: return []
        }
    }
}
