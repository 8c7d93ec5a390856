/// A layout on one machine: real devices, and where each partition begins and ends.
public struct DiskPlan: Codable, Hashable, Sendable {
    public var disks: [PlannedDisk]
    /// The real path of each device that the layout names, `/dev/md0` and `/dev/GROUP/VOLUME` among them.
    public var paths: [DiskLayout.Device: String]
    /// UUIDs of file systems that stay, by their real path.
    public var keptUUIDs: [String: String]

    /// The real path of a device of the layout; what is none of this machine's stays as it is.
    public func path(of device: DiskLayout.Device) -> String {
        if let path = paths[device] { return path }
        switch device {
        case .other(let text), .array(let text), .disk(let text): return text
        case .partition(let disk, let number): return DevicePath.partition(number, of: disk)
        case .volume(let group, let name): return "/dev/\(group)/\(name)"
        }
    }
}

/// A disk of a plan.
public struct PlannedDisk: Codable, Hashable, Sendable {
    /// The layout's name.
    public var name: String
    public var path: String
    public var sectorBytes: UInt64
    public var sectors: UInt64
    public var label: Disk.Label
    /// In the order of their numbers.
    public var partitions: [PlannedPartition]
}

/// A partition of a plan.
public struct PlannedPartition: Codable, Hashable, Sendable {
    public var number: Int
    public var path: String
    public var place: Partition.Place
    /// In sectors of the disk.
    public var start: UInt64
    public var sectors: UInt64
    /// As the table has it.
    public var type: String
    public var label: String?
    public var isBootable: Bool
    public var keep: Bool
    /// Of a kept one in a GPT.
    public var uuid: String?
}
