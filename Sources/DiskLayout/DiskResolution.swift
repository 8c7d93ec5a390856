/// Finds a layout's disks among those of a machine and lays its partitions out: a pure function, so that whatever does
/// not fit is known before anything is written.
public enum DiskResolution {
    /// Partitions begin at whole MiB, which suits every disk's physical sectors and GRUB's room before the first.
    static let alignmentBytes: UInt64 = 1 << 20

    /// - Parameters:
    ///   - firmware: by which the machine was booted.
    /// - Throws: `LayoutProblem`.
    public static func plan(
        _ layout: DiskLayout, on found: [FoundDisk], firmware: BootLoaderChoice.Firmware
    ) throws(LayoutProblem) -> DiskPlan {
        try layout.check()
        try layout.checkLoader(firmware: layout.loader.firmware ?? firmware)
        let chosen = try choose(layout, found)
        var plan = DiskPlan(disks: [], paths: [:], keptUUIDs: [:])
        for (disk, real) in zip(layout.disks, chosen) {
            try checkData(disk, real)
            let partitions = try PartitionTable(disk, on: real, layout: layout).partitions()
            plan.disks.append(
                PlannedDisk(
                    name: disk.name, path: real.path, sectorBytes: real.sectorBytes,
                    sectors: real.bytes / real.sectorBytes, label: disk.label, partitions: partitions))
            plan.paths[.disk(disk.name)] = real.path
            for partition in partitions {
                plan.paths[.partition(disk: disk.name, number: partition.number)] = partition.path
                let there = real.partitions.first { $0.number == partition.number }
                if partition.keep, let uuid = there?.contentUUID { plan.keptUUIDs[partition.path] = uuid }
            }
        }
        for array in layout.arrays { plan.paths[.array(array.name)] = array.name }
        for group in layout.groups {
            for volume in group.volumes {
                plan.paths[.volume(group: group.name, name: volume.name)] = "/dev/\(group.name)/\(volume.name)"
            }
        }
        return plan
    }

    // MARK: - Which disk

    static func choose(_ layout: DiskLayout, _ found: [FoundDisk]) throws(LayoutProblem) -> [FoundDisk] {
        var chosen: [FoundDisk] = []
        for (number, disk) in layout.disks.enumerated() {
            let fitting = found.filter { disk.selector.fits($0) }
            // One that is meant by what it is like is another one than those before it.
            let isNamed = disk.selector.device != nil || disk.selector.id != nil
            let free = isNamed ? fitting : fitting.filter { one in !chosen.contains { $0.path == one.path } }
            guard let real = disk.selector.pick(free) else {
                throw .noDisk(name: disk.name, wanted: disk.selector.text, there: found.map(\.summary))
            }
            if let other = chosen.firstIndex(where: { $0.path == real.path }) {
                throw .sameDisk(layout.disks[other].name, layout.disks[number].name, device: real.path)
            }
            guard !real.isReadOnly else { throw .readOnly(disk: real.path) }
            chosen.append(real)
        }
        return chosen
    }

    private static func checkData(_ disk: Disk, _ real: FoundDisk) throws(LayoutProblem) {
        guard disk.data == .refuse else { return }
        var what = real.partitions.compactMap { partition in
            disk.partitions.contains { $0.number == partition.number && $0.keep }
                ? nil : partition.content.map { "\(real.partitionPath(partition.number)): \($0)" }
        }
        if real.partitions.isEmpty, let content = real.content { what.append("\(real.path): \(content)") }
        guard what.isEmpty else { throw .hasData(disk: real.path, what: what) }
    }
}

extension DiskSelector {
    func fits(_ disk: FoundDisk) -> Bool {
        if let device, device != disk.path, !disk.ids.contains(Self.name(device)) { return false }
        if let id, !disk.ids.contains(Self.name(id)) { return false }
        if let model, !WildPattern.matches(model, disk.model ?? "") { return false }
        if let atLeast, disk.bytes < atLeast { return false }
        if let atMost, disk.bytes > atMost { return false }
        return true
    }

    /// The last part of `/dev/disk/by-id/NAME`.
    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    func pick(_ disks: [FoundDisk]) -> FoundDisk? {
        switch choice {
        case .first: disks.first
        // Of several as large, the first.
        case .smallest: disks.reduce(nil) { best, disk in best.map { disk.bytes < $0.bytes ? disk : $0 } ?? disk }
        case .largest: disks.reduce(nil) { best, disk in best.map { disk.bytes > $0.bytes ? disk : $0 } ?? disk }
        }
    }

    /// What is wanted, for people.
    public var text: String {
        let parts = [
            device.map { "device \($0)" }, id.map { "id \($0)" }, model.map { "model \($0)" },
            atLeast.map { "at least \($0) bytes" }, atMost.map { "at most \($0) bytes" },
        ].compactMap { $0 }
        return parts.isEmpty ? "the \(choice.rawValue) disk" : parts.joined(separator: ", ")
    }
}
