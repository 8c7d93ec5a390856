public import DiskLayout
public import Foundation

/// The layout of a machine that runs, out of what its own tools say of it: lsblk(8), `/proc/mdstat`, fstab(5).
public struct LayoutCapture {
    /// What lsblk is to be asked for, with `--json --bytes`.
    public static let columns =
        "PATH,NAME,TYPE,SIZE,LOG-SEC,START,PTTYPE,PARTTYPE,PARTLABEL,PARTFLAGS,FSTYPE,LABEL,UUID,PARTUUID,MOUNTPOINT"

    /// What cannot be made out, or not be laid out anew.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public private(set) var layout = DiskLayout(disks: [])
    /// What the machine has and no layout can say: lines for people.
    public private(set) var leftOut: [String] = []
    private let arrays: ArrayStatus
    private let mounts: [MountLine]
    private var used: Set<Int> = []

    /// - Parameters:
    ///   - lsblk: JSON, with `columns`.
    ///   - mdstat: empty where there are no arrays.
    ///   - disks: paths of those that are meant; nil: all but memory, loops and network block devices.
    public init(lsblk: Data, mdstat: String, fstab: String, disks wanted: [String]? = nil) throws(Failure) {
        arrays = ArrayStatus(mdstat)
        mounts = MountLine.lines(of: fstab)
        let found: [BlockDevice]
        do {
            found = try JSONDecoder().decode(BlockDevice.Listing.self, from: lsblk).blockdevices
        } catch {
            throw Failure(description: "lsblk's answer does not read: \(error)")
        }
        let meant = found.filter { wanted?.contains($0.path) ?? $0.isDisk }
        for path in wanted ?? [] where !meant.contains(where: { $0.path == path }) {
            throw Failure(
                description: "there is no disk \(path); lsblk shows \(found.map(\.path).joined(separator: ", "))")
        }
        guard !meant.isEmpty else { throw Failure(description: "lsblk shows no disk") }
        for disk in meant { take(disk) }
        guard !layout.disks.isEmpty else { throw Failure(description: leftOut.joined(separator: "; ")) }
        takeForeignMounts()
        orderFileSystems()
    }

    /// What may be left behind the last partition for it to reach to the end: room for alignment and the second table.
    private static let margin: UInt64 = 8 << 20

    // MARK: - Disks and partitions

    private mutating func take(_ device: BlockDevice) {
        let label: Disk.Label =
            switch device.table {
            case "gpt": .gpt
            case "dos": .msdos
            default: .none
            }
        var disk = Disk(name: device.path, selector: DiskSelector(device: device.path), label: label)
        let parts = (device.children ?? []).filter { $0.type == "part" }
        if label == .none {
            disk.array = array(on: device, .disk(device.path))
            disk.group = group(on: device)
            takeSystem(on: device, .disk(device.path))
            guard disk.array != nil || disk.group != nil else {
                return leftOut.append("\(device.path): it has no partition table that layouts know")
            }
        }
        for part in parts {
            guard let (_, number) = DevicePath.split(part.path) else { continue }
            disk.partitions.append(partition(part, number, of: device, label, among: parts))
        }
        disk.partitions.sort { $0.number < $1.number }
        layout.disks.append(disk)
    }

    private mutating func partition(
        _ part: BlockDevice, _ number: Int, of disk: BlockDevice, _ label: Disk.Label,
        among parts: [BlockDevice]
    ) -> Partition {
        let use = PartitionUse(part, label)
        var partition = Partition(number: number, size: .bytes(part.bytes), label: label == .gpt ? use.name : nil)
        partition.flags = use.flags
        partition.type = use.type
        if label == .msdos, use.isExtended {
            partition.place = .extended
            // The kernel shows its first sectors alone.
            let inner = parts.filter { $0.offset > part.offset }.map { $0.offset + $0.bytes }.max() ?? part.offset
            let reachesEnd = disk.bytes - min(disk.bytes, inner) < Self.margin
            partition.size = reachesEnd ? .rest : .bytes(max(part.bytes, inner - min(inner, part.offset)))
            return partition
        }
        if label == .msdos, number > 4 { partition.place = .logical }
        let device = DiskLayout.Device.partition(disk: disk.path, number: number)
        partition.array = array(on: part, device)
        partition.group = group(on: part)
        takeSystem(on: part, device)
        // What reaches to the end of the disk takes what is left: the next disk is some sectors larger or smaller.
        let isLast = parts.allSatisfy { $0.offset <= part.offset }
        if isLast, partition.place == .primary, disk.bytes - min(disk.bytes, part.offset + part.bytes) < Self.margin {
            partition.size = .rest
        }
        return partition
    }

    // MARK: - Arrays and volumes

    /// The array that a device is in, which is taken with it.
    private mutating func array(on device: BlockDevice, _ member: DiskLayout.Device) -> String? {
        guard let child = device.children?.first(where: { $0.type.hasPrefix("raid") || $0.type == "linear" }) else {
            return nil
        }
        let name = "/dev/" + (child.path.split(separator: "/").last.map(String.init) ?? child.name)
        let level = child.type == "linear" ? "linear" : String(child.type.dropFirst("raid".count))
        guard let level = RaidArray.Level(rawValue: level) else {
            leftOut.append("\(child.path): layouts know no \(child.type)")
            return nil
        }
        let status = arrays.arrays[child.name]
        let isSpare = status?.spares.contains(device.name) ?? false
        if let index = layout.arrays.firstIndex(where: { $0.name == name }) {
            if isSpare {
                layout.arrays[index].spares.append(member)
            } else {
                layout.arrays[index].members.append(member)
            }
            return name
        }
        var array = RaidArray(name: name, level: level, chunk: level == .mirrored ? nil : status?.chunk)
        if isSpare { array.spares = [member] } else { array.members = [member] }
        array.group = group(on: child)
        layout.arrays.append(array)
        takeSystem(on: child, .array(name))
        return name
    }

    /// The volume group that a device is in; its volumes are taken with it.
    private mutating func group(on device: BlockDevice) -> String? {
        var found: String?
        for child in device.children ?? [] where child.type == "lvm" {
            guard let (group, volume) = Self.volume(child.name) else { continue }
            found = group
            let index = layout.groups.firstIndex { $0.name == group } ?? layout.groups.count
            if index == layout.groups.count { layout.groups.append(VolumeGroup(name: group, volumes: [])) }
            guard !layout.groups[index].volumes.contains(where: { $0.name == volume }) else { continue }
            layout.groups[index].volumes.append(.init(name: volume, size: .bytes(child.bytes)))
            takeSystem(on: child, .volume(group: group, name: volume))
        }
        if found == nil, device.content == "LVM2_member" {
            leftOut.append("\(device.path): a volume group without volumes, or one that is not active")
        }
        return found
    }

    /// The device mapper writes `vg-lv`, and a hyphen within a name twice.
    static func volume(_ name: String) -> (group: String, volume: String)? {
        let marked = name.replacing("--", with: "\u{0}")
        let parts = marked.split(separator: "-", omittingEmptySubsequences: false)
            .map { String($0.replacing("\u{0}", with: "-")) }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (parts[0], parts[1])
    }

    // MARK: - File systems

    private mutating func takeSystem(on device: BlockDevice, _ place: DiskLayout.Device) {
        guard let content = device.content, !["linux_raid_member", "LVM2_member"].contains(content) else { return }
        guard let kind = FileSystem.Kind(rawValue: content), kind.isOnDisk else {
            return leftOut.append("\(device.path): layouts make no \(content)")
        }
        let line = mounts.firstIndex { names($0.spec, device) }
        if let line { used.insert(line) }
        let mounted = line.map { mounts[$0] }
        var point = mounted?.point ?? device.mountPoint
        if let text = point, !text.hasPrefix("/") { point = nil }
        layout.fileSystems.append(
            FileSystem(
                device: place, mountPoint: point, kind: kind,
                options: mounted?.options ?? "defaults", dump: mounted?.dump ?? 0,
                pass: mounted?.pass ?? YAMLLayout.pass(kind, point), naming: mounted.map(Self.naming) ?? .uuid,
                label: device.label.flatMap { $0.isEmpty || $0.utf8.count > kind.longestLabel ? nil : $0 }))
        if mounted == nil, let point {
            leftOut.append("\(point): it is mounted, and not in fstab; the layout mounts it")
        }
    }

    private func names(_ spec: String, _ device: BlockDevice) -> Bool {
        let value = spec.split(separator: "=", maxSplits: 1).last.map { $0.filter { $0 != "\"" } } ?? ""
        if spec.hasPrefix("UUID=") { return value.lowercased() == device.uuid?.lowercased() }
        if spec.hasPrefix("LABEL=") { return value == device.label }
        if spec.hasPrefix("PARTUUID=") { return value.lowercased() == device.partitionUUID?.lowercased() }
        if spec.hasPrefix("PARTLABEL=") { return value == device.partitionLabel }
        if spec == device.path || spec == "/dev/mapper/\(device.name)" { return true }
        if spec.hasPrefix("/dev/disk/by-uuid/") { return spec.hasSuffix("/\(device.uuid ?? "-")") }
        if device.type == "lvm", let (group, volume) = Self.volume(device.name) {
            return spec == "/dev/\(group)/\(volume)"
        }
        return false
    }

    private static func naming(_ line: MountLine) -> FileSystem.Naming {
        if line.spec.hasPrefix("LABEL=") { return .label }
        if line.spec.hasPrefix("PARTUUID=") { return .partuuid }
        return line.spec.hasPrefix("/dev/") && !line.spec.hasPrefix("/dev/disk/") ? .device : .uuid
    }

    /// What fstab mounts from elsewhere.
    private mutating func takeForeignMounts() {
        for (index, line) in mounts.enumerated() where !used.contains(index) {
            guard let kind = FileSystem.Kind(rawValue: line.kind), !kind.isOnDisk else {
                leftOut.append(
                    "fstab: \(line.spec) on \(line.point): of no disk that was looked at, or of a kind unknown here")
                continue
            }
            layout.fileSystems.append(
                FileSystem(
                    device: .other(line.spec), mountPoint: line.point.hasPrefix("/") ? line.point : nil, kind: kind,
                    options: line.options, dump: line.dump, pass: line.pass))
        }
    }

    /// In the order of mounting: what is above comes first.
    private mutating func orderFileSystems() {
        // Those that are not mounted stand behind, in the order in which they were found.
        let key = { (system: FileSystem) in system.mountPoint ?? "\u{ff}" }
        layout.fileSystems = layout.fileSystems.enumerated().sorted {
            (key($0.element), $0.offset) < (key($1.element), $1.offset)
        }.map(\.element)
    }
}
