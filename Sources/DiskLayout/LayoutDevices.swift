// Who is on what.

extension DiskLayout.Device {
    /// As the layout writes it.
    public var text: String {
        switch self {
        case .disk(let name), .array(let name), .other(let name): name
        case .partition(let disk, let number): DevicePath.partition(number, of: disk)
        case .volume(let group, let name): "/dev/\(group)/\(name)"
        }
    }
}

extension DiskLayout {
    /// Whether a device is one that this layout makes or keeps.
    public func exists(_ device: Device) -> Bool {
        switch device {
        case .disk(let name): disks.contains { $0.name == name }
        case .partition(let disk, let number):
            disks.contains {
                $0.name == disk && $0.partitions.contains { $0.number == number && $0.place != .extended }
            }
        case .array(let name): arrays.contains { $0.name == name }
        case .volume(let group, let name):
            groups.contains { $0.name == group && $0.volumes.contains { $0.name == name } }
        case .other: false
        }
    }

    /// What a device's name means here: a disk, a partition of one, an array, a volume; else itself.
    public func device(named text: String) -> Device {
        if disks.contains(where: { $0.name == text }) { return .disk(text) }
        if arrays.contains(where: { $0.name == text }) { return .array(text) }
        for disk in disks {
            for partition in disk.partitions where DevicePath.partition(partition.number, of: disk.name) == text {
                return .partition(disk: disk.name, number: partition.number)
            }
        }
        for group in groups {
            for volume in group.volumes
            where text == "/dev/\(group.name)/\(volume.name)"
                || text == "/dev/mapper/\(Self.escaped(group.name))-\(Self.escaped(volume.name))"
            {
                return .volume(group: group.name, name: volume.name)
            }
        }
        return .other(text)
    }

    /// device-mapper's names double the hyphens of what they are made from.
    private static func escaped(_ name: String) -> String {
        name.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "--")
    }

    /// The devices that a volume group is on, in the order of the layout.
    public func devices(of group: VolumeGroup) -> [Device] {
        var found: [Device] = []
        for disk in disks {
            if disk.group == group.name { found.append(.disk(disk.name)) }
            for partition in disk.partitions where partition.group == group.name {
                found.append(.partition(disk: disk.name, number: partition.number))
            }
        }
        return found + arrays.filter { $0.group == group.name }.map { .array($0.name) }
    }

    /// The disks that a device lies on, by the layout's names.
    public func disks(under device: Device) -> [String] {
        var names: [String] = []
        var waiting = [device]
        var seen: Set<Device> = []
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            switch next {
            case .disk(let name), .partition(let name, _): names.append(name)
            case .array(let name):
                waiting += arrays.filter { $0.name == name }.flatMap { $0.members + $0.spares }
            case .volume(let name, _):
                waiting += groups.filter { $0.name == name }.flatMap { devices(of: $0) }
            case .other: break
            }
        }
        return disks.map(\.name).filter(names.contains)
    }

    /// The file system that holds a path: the one with the longest mount point above it.
    public func fileSystem(holding path: String) -> FileSystem? {
        fileSystems.filter { system in
            guard system.kind.isOnDisk, let point = system.mountPoint else { return false }
            return point == "/" || path == point || path.hasPrefix(point + "/")
        }.max { ($0.mountPoint ?? "").utf8.count < ($1.mountPoint ?? "").utf8.count }
    }
}
