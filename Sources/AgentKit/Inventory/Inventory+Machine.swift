package import BootMachine

extension Inventory {
    /// What this machine says of itself, out of /proc and /sys. What it does not say stays nil.
    /// - Parameter root: of the tree that has /proc and /sys.
    package static func ofThisMachine(root: String = "") -> Inventory {
        let dmi = "\(root)/sys/class/dmi/id"
        let memory = SmallFile.text("\(root)/proc/meminfo").flatMap { MemoryInfo($0) }
        let parameters = try? SmallFile.read("\(root)/sys/kernel/boot_params/data", limit: 1 << 16)
        return Inventory(
            cpus: onlineProcessors(SmallFile.text("\(root)/sys/devices/system/cpu/online") ?? ""),
            memoryBytes: memory?.totalBytes ?? 0,
            firmware: SmallFile.exists("\(root)/sys/firmware/efi") ? "efi" : "bios",
            secureBoot: secureBoot(bootParameters: parameters ?? []),
            uuid: SmallFile.text("\(dmi)/product_uuid")?.lowercased(),
            serial: FirmwareText.known(SmallFile.text("\(dmi)/product_serial")),
            product: FirmwareText.known(SmallFile.text("\(dmi)/product_name")),
            uptimeMilliseconds: BootClock.milliseconds(), hardware: HardwareScan(root: root).hardware)
    }

    /// Counts a list of processors in the kernel's form, `0-3,8,10-11`; at least 1.
    package static func onlineProcessors(_ list: String) -> Int {
        var count = 0
        for part in list.split(separator: ",").prefix(4096) {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first >= 0, first <= last, last <= 65_535 else {
                continue
            }
            count += last - first + 1
        }
        return max(1, count)
    }

    /// Reads `secure_boot` of the kernel's boot parameters, at 0x1ec: 2 is off, 3 is on (Documentation/x86/zero-page.rst).
    /// The kernel passes it on to the next over a kexec, and needs no file system of the firmware's variables for it.
    package static func secureBoot(bootParameters: [UInt8]) -> Bool? {
        guard bootParameters.count > 0x1ec else { return nil }
        switch bootParameters[0x1ec] {
        case 2: return false
        case 3: return true
        default: return nil
        }
    }
}

/// Text out of a firmware's tables.
enum FirmwareText {
    /// What board makers leave in the fields that they do not fill.
    private static let fillers: Set<String> = [
        "not specified", "none", "default string", "to be filled by o.e.m.", "system serial number",
        "system product name", "system manufacturer", "0123456789",
    ]

    /// The text, unless it says nothing.
    static func known(_ text: String?) -> String? {
        guard let text, !fillers.contains(text.lowercased()) else { return nil }
        return String(text.prefix(128))
    }
}
