// What a layout must hold to by itself, whatever the machine.

extension DiskLayout {
    /// - Throws: `LayoutProblem.invalid` with the place and what to do.
    public func check() throws(LayoutProblem) {
        guard !disks.isEmpty else { throw .invalid(where: "layout", reason: "it has no disk") }
        guard disks.count <= 256 else { throw .invalid(where: "layout", reason: "more than 256 disks") }
        var names: Set<String> = []
        for disk in disks {
            guard names.insert(disk.name).inserted else {
                throw .invalid(where: disk.name, reason: "the layout has two disks of this name")
            }
            try check(disk)
        }
        for array in arrays { try check(array) }
        for group in groups { try check(group) }
        try checkFileSystems()
    }

    private func check(_ disk: Disk) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem { .invalid(where: disk.name, reason: reason) }
        guard disk.label != .none || disk.partitions.isEmpty else {
            throw fail("a disk without a table (label none) has no partitions")
        }
        guard disk.partitions.count <= 128 else { throw fail("more than 128 partitions") }
        let numbers = disk.partitions.map(\.number)
        guard Set(numbers).count == numbers.count else { throw fail("two partitions have the same number") }
        for places in [[Partition.Place.primary, .extended], [.logical]] {
            let rests = disk.partitions.filter { places.contains($0.place) && $0.size == .rest && !$0.keep }
            guard rests.count <= 1 else { throw fail("more than one partition has the size `*`") }
        }
        for partition in disk.partitions { try check(partition, of: disk) }
        if disk.label == .msdos {
            guard disk.partitions.count(where: { $0.place == .extended }) <= 1 else {
                throw fail("a msdos table has one extended partition at most")
            }
            let hasExtended = disk.partitions.contains { $0.place == .extended }
            guard hasExtended || !disk.partitions.contains(where: { $0.place == .logical }) else {
                throw fail("logical partitions lie in an extended one, and there is none")
            }
        }
    }

    private func check(_ partition: Partition, of disk: Disk) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem {
            .invalid(where: "\(disk.name), partition \(partition.number)", reason: reason)
        }
        let numbers: ClosedRange<Int>
        switch (disk.label, partition.place) {
        case (.msdos, .logical): numbers = 5...63
        case (.msdos, _): numbers = 1...4
        case (_, .primary): numbers = 1...128
        default: throw fail("only a msdos table has extended and logical partitions")
        }
        guard numbers.contains(partition.number) else {
            throw fail("its number is \(numbers.lowerBound) to \(numbers.upperBound)")
        }
        switch partition.size {
        case .bytes(0), .sectors(0), .percent(0): throw fail("its size is 0")
        case .percent(let thousandths) where thousandths > 100_000: throw fail("its size is more than 100 %")
        case .bytes(let bytes) where bytes > 1 << 62: throw fail("its size is more than any disk has")
        case .sectors(let count) where count > 1 << 53: throw fail("its size is more than any disk has")
        default: break
        }
        if let label = partition.label {
            guard disk.label == .gpt else { throw fail("only a gpt table has names of partitions") }
            guard label.utf16.count <= 36, !label.contains(where: { $0 == "\"" || $0.isNewline }) else {
                throw fail("its name has at most 36 characters, none of them a quotation mark or a line end")
            }
        }
        if let type = partition.type {
            guard Self.isType(type, in: disk.label) else {
                throw fail("`\(type)` is no type of a \(disk.label.rawValue) table")
            }
        }
        guard partition.array == nil || partition.group == nil else {
            throw fail("it is in an array and in a volume group")
        }
    }

    private static func isType(_ text: String, in label: Disk.Label) -> Bool {
        let isHex: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
        }
        guard label == .gpt else { return (1...2).contains(text.utf8.count) && text.utf8.allSatisfy(isHex) }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8)
        return parts.map(\.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(isHex) }
    }

    private func check(_ array: RaidArray) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem { .invalid(where: array.name, reason: reason) }
        guard array.name.hasPrefix("/dev/md"), array.name.utf8.count > 7,
            array.name.dropFirst("/dev/md".count).utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw fail("arrays are called /dev/md0, /dev/md1 and so on") }
        guard arrays.count(where: { $0.name == array.name }) == 1 else { throw fail("there are two of this name") }
        guard array.members.count >= array.level.minimumMembers else {
            throw fail(
                "RAID \(array.level.rawValue) has at least \(array.level.minimumMembers) members, not \(array.members.count)"
            )
        }
        guard array.spares.isEmpty || array.level.takesSpares else {
            throw fail("RAID \(array.level.rawValue) has no use for spares")
        }
        if let count = array.deviceCount, count != array.members.count {
            throw fail("it is said to have \(count) members, and has \(array.members.count)")
        }
        if let count = array.spareCount, count != array.spares.count {
            throw fail("it is said to have \(count) spares, and has \(array.spares.count)")
        }
        if let chunk = array.chunk, chunk < 4096 || chunk.nonzeroBitCount != 1 {
            throw fail("its chunk is a power of two from 4096 bytes on")
        }
        let all = array.members + array.spares
        guard Set(all).count == all.count else { throw fail("it has the same device twice") }
        for device in all { guard exists(device) else { throw fail("\(device.text) is not in the layout") } }
        for other in arrays where other.name != array.name {
            if let shared = all.first(where: { (other.members + other.spares).contains($0) }) {
                throw fail("\(shared.text) is in \(other.name), too")
            }
        }
    }

    private func check(_ group: VolumeGroup) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem { .invalid(where: "volume group \(group.name)", reason: reason) }
        for name in [group.name] + group.volumes.map(\.name) {
            guard Self.isVolumeName(name) else { throw fail("`\(name)` is no name for LVM: a-z, A-Z, 0-9, _ . + -") }
        }
        guard groups.count(where: { $0.name == group.name }) == 1 else { throw fail("there are two of this name") }
        guard !devices(of: group).isEmpty else { throw fail("no partition, disk or array is in it") }
        guard Set(group.volumes.map(\.name)).count == group.volumes.count else {
            throw fail("two volumes have the same name")
        }
        guard group.volumes.count(where: { $0.size == .rest }) <= 1 else {
            throw fail("more than one volume has the size `*`")
        }
        if let bytes = group.extentBytes, bytes < 1024 || bytes.nonzeroBitCount != 1 {
            throw fail("its extents are a power of two from 1024 bytes on")
        }
    }

    private static func isVolumeName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "-"), name != ".", name != "..",
            name.utf8.count <= 127
        else { return false }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || Array("_.+-".utf8).contains(byte)
        }
    }
}
