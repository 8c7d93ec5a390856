extension DiskLayout {
    func checkFileSystems() throws(LayoutProblem) {
        var points: Set<String> = []
        var used: Set<Device> = []
        for system in fileSystems {
            try check(system)
            if let point = system.mountPoint, system.kind != .swap, !points.insert(point).inserted {
                throw .invalid(where: point, reason: "two file systems are mounted there")
            }
            if system.kind.isOnDisk, !used.insert(system.device).inserted {
                throw .invalid(where: system.device.text, reason: "it has two file systems")
            }
        }
        guard points.contains("/") else {
            throw .invalid(where: "layout", reason: "nothing is mounted at /: give one file system the mount point /")
        }
        let taken = arrays.flatMap { $0.members + $0.spares } + groups.flatMap { devices(of: $0) }
        if let shared = taken.first(where: used.contains) {
            throw .invalid(where: shared.text, reason: "it has a file system and is part of an array or a volume group")
        }
    }

    private func check(_ system: FileSystem) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem {
            .invalid(where: system.mountPoint ?? system.device.text, reason: reason)
        }
        if system.kind.isOnDisk {
            guard exists(system.device) else { throw fail("\(system.device.text) is not in the layout") }
            if case .partition(let name, let number) = system.device,
                let disk = disks.first(where: { $0.name == name }),
                let partition = disk.partitions.first(where: { $0.number == number })
            {
                guard !partition.flags.contains(.biosBoot) else {
                    throw fail("a BIOS boot partition is GRUB's own and has no file system")
                }
            }
        } else if system.mountPoint == "/" {
            throw fail("a root lies on a disk of the machine, not on \(system.kind.rawValue)")
        }
        if let point = system.mountPoint, system.kind != .swap {
            guard point.hasPrefix("/"), point == "/" || !point.hasSuffix("/"), Self.isPlain(point),
                !point.split(separator: "/", omittingEmptySubsequences: false).contains("..")
            else { throw fail("a mount point is an absolute path without blanks") }
            guard system.kind != .vfat || point != "/" else { throw fail("vfat cannot hold a root: it has no owners") }
        }
        guard !system.options.isEmpty, Self.isPlain(system.options) else {
            throw fail("mount options are words with commas between; `defaults` is none")
        }
        if let label = system.label {
            guard !label.isEmpty, label.utf8.count <= system.kind.longestLabel, Self.isPlain(label) else {
                throw fail("a label of \(system.kind.rawValue) has 1 to \(system.kind.longestLabel) bytes, no blanks")
            }
        }
        guard system.naming != .label || system.label != nil else {
            throw fail("it is mounted by a label and has none")
        }
        guard (0...9).contains(system.dump), (0...9).contains(system.pass) else {
            throw fail("dump and pass are 0 to 9 (fstab(5))")
        }
    }

    /// Without what would end a field of fstab(5).
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }

    /// What a boot loader needs of the disks.
    func checkLoader(firmware: BootLoaderChoice.Firmware) throws(LayoutProblem) {
        func fail(_ reason: String) -> LayoutProblem { .invalid(where: "boot loader", reason: reason) }
        guard loader.flavor != .none else { return }
        guard (0...3600).contains(loader.timeout) else { throw fail("its timeout is 0 to 3600 seconds") }
        for target in loader.targets { guard exists(target) else { throw fail("\(target.text) is not in the layout") } }
        guard firmware == .legacy else {
            guard let system = efiSystem else {
                throw fail(
                    "UEFI starts it from a vfat file system at /boot/efi, /efi or /boot, and the layout mounts none there"
                )
            }
            guard case .partition = system.device else {
                throw fail("UEFI reads partitions only, not \(system.device.text)")
            }
            return
        }
        guard loader.flavor == .grub2 else { throw fail("systemd-boot is for UEFI; a BIOS starts GRUB") }
        for name in bootDisks {
            guard let disk = disks.first(where: { $0.name == name }) else { continue }
            switch disk.label {
            case .msdos: break
            case .gpt:
                guard disk.partitions.contains(where: { $0.flags.contains(.biosBoot) }) else {
                    throw fail(
                        "a BIOS starts GRUB from \(name), whose gpt table needs a partition of 1 MiB with the flag"
                            + " bios_grub")
                }
            case .none: throw fail("\(name) has no table, and no room for GRUB")
            }
        }
    }

    /// The EFI system partition's file system.
    public var efiSystem: FileSystem? {
        for point in ["/boot/efi", "/efi", "/boot"] {
            if let system = fileSystems.first(where: { $0.mountPoint == point && $0.kind == .vfat }) { return system }
        }
        return nil
    }

    /// Disks whose first sectors get the loader of a BIOS: those named, else all that hold a part of /boot.
    public var bootDisks: [String] {
        let named = loader.targets.flatMap { disks(under: $0) }
        if !named.isEmpty { return disks.map(\.name).filter(named.contains) }
        return fileSystem(holding: "/boot").map { disks(under: $0.device) } ?? []
    }
}
