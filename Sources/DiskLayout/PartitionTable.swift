/// Lays the partitions of one disk out, in the order in which the layout has them.
struct PartitionTable {
    private let disk: Disk
    private let real: FoundDisk
    private let layout: DiskLayout
    private let sectors: UInt64
    /// `DiskResolution.alignmentBytes` in sectors.
    private let step: UInt64
    /// The sector behind the last that partitions may have.
    private let end: UInt64

    /// Sectors that the second GPT takes at the end of the disk: 128 entries of 128 bytes and a header (UEFI 2.10, 5.3).
    private static func gptTail(_ sectorBytes: UInt64) -> UInt64 { 1 + (128 * 128 + sectorBytes - 1) / sectorBytes }
    /// Sector numbers of a BIOS table have 32 bits.
    private static let msdosLimit: UInt64 = 1 << 32

    init(_ disk: Disk, on real: FoundDisk, layout: DiskLayout) {
        self.disk = disk
        self.real = real
        self.layout = layout
        sectors = real.bytes / real.sectorBytes
        step = max(1, DiskResolution.alignmentBytes / real.sectorBytes)
        let tail = disk.label == .gpt ? Self.gptTail(real.sectorBytes) : 0
        let usable = sectors > tail ? sectors - tail : 0
        end = min(usable, disk.label == .msdos ? Self.msdosLimit : usable) / step * step
    }

    func partitions() throws(LayoutProblem) -> [PlannedPartition] {
        guard disk.label != .none else { return [] }
        let outer = disk.partitions.filter { $0.place != .logical }
        var laid = try layOut(outer, from: step, to: end, headers: 0)
        if let extended = laid.first(where: { $0.place == .extended }) {
            let logical = disk.partitions.filter { $0.place == .logical }
            // Each logical partition has a table of its own before it, a step of room for alignment's sake.
            laid += try layOut(logical, from: extended.start, to: extended.start + extended.sectors, headers: step)
        }
        return laid.sorted { $0.number < $1.number }
    }

    /// - Parameter headers: sectors that stay free before each partition.
    private func layOut(
        _ wanted: [Partition], from start: UInt64, to end: UInt64, headers: UInt64
    ) throws(LayoutProblem) -> [PlannedPartition] {
        var kept: [Int: FoundDisk.Partition] = [:]
        for partition in wanted where partition.keep { kept[partition.number] = try find(partition) }
        var sizes: [UInt64?] = []
        for partition in wanted {
            sizes.append(kept[partition.number]?.sectors ?? size(partition, within: end - start))
        }
        var result: [PlannedPartition] = []
        var cursor = start
        for (place, partition) in wanted.enumerated() {
            if let there = kept[partition.number] {
                guard there.start >= cursor else {
                    throw .cannotKeep(
                        disk: real.path, partition: partition.number,
                        reason: "it begins at sector \(there.start), before the end of those that the layout has first")
                }
                result.append(make(partition, start: there.start, sectors: there.sectors, there: there))
                cursor = roundUp(there.start + there.sectors)
                continue
            }
            let limit = wanted[(place + 1)...].lazy.compactMap { kept[$0.number]?.start }.first ?? end
            let begin = cursor + headers
            var length = sizes[place]
            if length == nil {
                // The rest: up to the next kept one, less what must still go before it.
                var after: UInt64 = 0
                for other in (place + 1)..<max(wanted.count, place + 1) {
                    if kept[wanted[other].number] != nil { break }
                    after += (sizes[other] ?? 0) + headers
                }
                let (free, tooLittle) = limit.subtractingReportingOverflow(begin + after)
                length = tooLittle ? 0 : free / step * step
            }
            let taken = length ?? 0
            guard taken > 0, begin + taken <= limit else {
                throw .tooSmall(disk: real.path, needs: needed(sizes, headers), has: real.bytes)
            }
            result.append(make(partition, start: begin, sectors: taken, there: nil))
            cursor = begin + taken
        }
        return result
    }

    /// In whole steps; nil: the rest.
    private func size(_ partition: Partition, within room: UInt64) -> UInt64? {
        switch partition.size {
        case .rest: return nil
        case .bytes(let bytes): return roundUp((bytes + real.sectorBytes - 1) / real.sectorBytes)
        case .sectors(let count): return roundUp(count)
        case .percent(let thousandths):
            // Of whole steps, so that 50 % twice fit beside the table.
            return max(step, room / step * min(thousandths, 100_000) / 100_000 * step)
        }
    }

    /// Bytes that the disk would have to have; with at least a step for the rest.
    private func needed(_ sizes: [UInt64?], _ headers: UInt64) -> UInt64 {
        var total = step
        for size in sizes { total = total &+ (size ?? step) &+ headers }
        return total.multipliedReportingOverflow(by: real.sectorBytes).partialValue
    }

    private func roundUp(_ sector: UInt64) -> UInt64 { (sector / step + (sector % step == 0 ? 0 : 1)) * step }

    /// The partition that is to be kept, as it is on the disk.
    private func find(_ partition: Partition) throws(LayoutProblem) -> FoundDisk.Partition {
        let label = disk.label == .gpt ? "gpt" : "dos"
        guard real.content == label else {
            throw .cannotKeep(
                disk: real.path, partition: partition.number,
                reason: "the disk has \(real.content.map { "a table of the kind \($0)" } ?? "no table"), not \(label)")
        }
        guard let there = real.partitions.first(where: { $0.number == partition.number }) else {
            throw .cannotKeep(disk: real.path, partition: partition.number, reason: "there is no such partition")
        }
        let user = layout.fileSystems.first {
            $0.device == .partition(disk: disk.name, number: partition.number) && !$0.format && $0.kind.isOnDisk
        }
        if let user, there.content != user.kind.rawValue {
            throw .cannotKeep(
                disk: real.path, partition: partition.number,
                reason: "it has \(there.content ?? "nothing that is known"), not \(user.kind.rawValue)")
        }
        if case .bytes(let bytes) = partition.size, bytes > there.sectors * real.sectorBytes {
            throw .cannotKeep(
                disk: real.path, partition: partition.number,
                reason: "it has \(there.sectors * real.sectorBytes) bytes, the layout wants \(bytes)")
        }
        return there
    }

    private func make(
        _ partition: Partition, start: UInt64, sectors: UInt64, there: FoundDisk.Partition?
    ) -> PlannedPartition {
        let use = PartitionUse(of: partition, on: disk, in: layout)
        let isActive =
            disk.label == .msdos
            ? partition.flags.contains(.boot)
            : partition.flags.contains(.legacyBoot)
        return PlannedPartition(
            number: partition.number, path: real.partitionPath(partition.number), place: partition.place,
            start: start, sectors: sectors,
            type: partition.type ?? there?.type ?? use.type(in: disk.label), label: partition.label ?? there?.label,
            isBootable: isActive, keep: partition.keep, uuid: there?.uuid)
    }
}
