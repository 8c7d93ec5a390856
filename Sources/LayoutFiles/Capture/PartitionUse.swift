import DiskLayout

/// What the table says a partition is for.
struct PartitionUse {
    var flags: Set<Partition.Flag> = []
    /// Where no flag and no use says it.
    var type: String?
    var name: String?
    var isExtended = false

    /// Types that follow from flags and from what is in a partition (UEFI 2.10, 5.3.3; the Discoverable Partitions
    /// Specification).
    private static let known: [String: Partition.Flag] = [
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": .esp, "21686148-6449-6e6f-744e-656564454649": .biosBoot,
        "a19d880f-05fc-4d3b-a006-743f0f84911e": .raid, "e6d6d379-f507-44c2-a23c-238f2a3df928": .lvm,
        "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": .swap,
        "ef": .esp, "fd": .raid, "8e": .lvm, "82": .swap,
    ]
    /// A file system of Linux: what is in it says more.
    private static let plain: Set<String> = ["0fc63daf-8483-4772-8e79-3d69d8477de4", "83"]

    init(_ part: BlockDevice, _ label: Disk.Label) {
        name = part.partitionLabel.flatMap { $0.isEmpty ? nil : $0 }
        let type = (part.partitionType ?? "").lowercased()
        let bare = type.hasPrefix("0x") ? String(type.dropFirst(2)) : type
        if label == .msdos, ["5", "f", "85"].contains(bare) {
            isExtended = true
        } else if let flag = Self.known[bare] {
            flags.insert(flag)
        } else if !bare.isEmpty, !Self.plain.contains(bare) {
            self.type = bare.count == 1 ? "0" + bare : bare
        }
        let bits = UInt64((part.partitionFlags ?? "").dropFirst(2), radix: 16) ?? 0
        // The BIOS's active partition; of GPT, the attribute of the same meaning (UEFI 2.10, table 5.8).
        if label == .msdos, bits & 0x80 != 0 { flags.insert(.boot) }
        if label == .gpt, bits & 4 != 0 { flags.insert(.legacyBoot) }
    }
}
