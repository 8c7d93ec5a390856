import DiskLayout

/// SystemImager's form: `config` with `disk`, `raid`, `lvm`, `bootloader` and `fsinfo` elements.
struct XMLLayout {
    private let file: String
    private let root: XMLElementNode

    init(_ text: String, file: String) throws(LayoutFileError) {
        self.file = file
        root = try XMLElements.read(text, file: file)
    }

    func layout() throws(LayoutFileError) -> DiskLayout {
        guard root.name == "config" else { throw bad(root, "the outermost element is <config>, not <\(root.name)>") }
        var layout = DiskLayout(disks: [])
        for element in root.children where element.name == "disk" { layout.disks.append(try disk(element)) }
        guard !layout.disks.isEmpty else { throw bad(root, "there is no <disk>") }
        for element in root.children where element.name == "raid" {
            try known(element, attributes: [])
            for child in element.children { layout.arrays.append(try array(child, layout)) }
        }
        for element in root.children where element.name == "lvm" {
            // `version` is written by SystemImager's own tools, and means nothing today.
            try known(element, attributes: ["version"])
            for child in element.children { layout.groups.append(try group(child)) }
        }
        for element in root.children {
            switch element.name {
            case "disk", "raid", "lvm": break
            case "bootloader": layout.loader = try loader(element, layout)
            case "fsinfo":
                if let system = try fileSystem(element, layout) { layout.fileSystems.append(system) }
            default:
                throw bad(element, "there is no such element; <config> has disk, raid, lvm, bootloader and fsinfo")
            }
        }
        return layout
    }

    // MARK: - Disks

    private func disk(_ element: XMLElementNode) throws(LayoutFileError) -> Disk {
        try known(element, attributes: ["dev", "label_type", "unit_of_measurement", "raid_dev", "lvm_group"])
        let name = try required("dev", element)
        let unit = try required("unit_of_measurement", element)
        guard ["s", "percent", "percentage", "%"].contains(unit) || ExtentText.bytes(of: unit) != nil else {
            throw bad(
                element, "`\(unit)` is no unit_of_measurement: TB, GB, MB, kB, B, TiB, GiB, MiB, KiB, s or percent")
        }
        var disk = Disk(
            name: name, selector: DiskSelector(device: name), label: try choice("label_type", element) ?? .gpt)
        _ = try required("label_type", element)
        disk.array = element.attributes["raid_dev"]
        disk.group = element.attributes["lvm_group"]
        for child in element.children {
            guard child.name == "part" else { throw bad(child, "a <disk> has <part> elements only") }
            disk.partitions.append(try part(child, unit: unit))
        }
        return disk
    }

    private func part(_ element: XMLElementNode, unit: String) throws(LayoutFileError) -> Partition {
        try known(
            element,
            attributes: ["num", "size", "p_type", "id", "p_name", "flags", "raid_dev", "lvm_group"])
        let number = try whole(try required("num", element), "num", element)
        let text = try required("size", element)
        guard let size = ExtentText.read(text, unit: unit) else {
            throw bad(element, "size `\(text)` is no number of \(unit) and no *")
        }
        _ = try required("p_type", element)
        var partition = Partition(number: number, size: size, place: try choice("p_type", element) ?? .primary)
        partition.type = element.attributes["id"].flatMap { $0.isEmpty ? nil : $0 }
        // parted's way to say that there is no name.
        partition.label = element.attributes["p_name"].flatMap { $0.isEmpty || $0 == "-" ? nil : $0 }
        partition.array = element.attributes["raid_dev"]
        partition.group = element.attributes["lvm_group"]
        let words = (element.attributes["flags"] ?? "").split { $0 == "," || $0.isWhitespace }.filter { $0 != "-" }
        for word in words {
            guard let flag = Partition.Flag(rawValue: String(word)) else {
                throw bad(
                    element,
                    "there is no flag `\(word)`; there are "
                        + Partition.Flag.allCases.map(\.rawValue).joined(separator: ", "))
            }
            partition.flags.insert(flag)
        }
        return partition
    }

    // MARK: - RAID and LVM

    private func array(_ element: XMLElementNode, _ layout: DiskLayout) throws(LayoutFileError) -> RaidArray {
        guard element.name == "raid_disk" else { throw bad(element, "a <raid> has <raid_disk> elements only") }
        try known(
            element,
            attributes: [
                "name", "raid_level", "raid_devices", "spare_devices", "chunk_size", "layout", "lvm_group", "devices",
                "rounding", "persistence",
            ])
        let name = try required("name", element)
        let text = try required("raid_level", element)
        guard let level = RaidArray.Level(rawValue: text.hasPrefix("raid") ? String(text.dropFirst(4)) : text) else {
            throw bad(element, "there is no raid_level `\(text)`; there are linear, 0, 1, 4, 5, 6 and 10")
        }
        var devices: [DiskLayout.Device] = []
        for word in (element.attributes["devices"] ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            devices.append(layout.device(named: String(word)))
        }
        if devices.isEmpty {
            for disk in layout.disks {
                if disk.array == name { devices.append(.disk(disk.name)) }
                for partition in disk.partitions where partition.array == name {
                    devices.append(.partition(disk: disk.name, number: partition.number))
                }
            }
        }
        var array = RaidArray(name: name, level: level)
        if let text = element.attributes["raid_devices"] {
            array.deviceCount = try whole(text, "raid_devices", element)
        }
        if let text = element.attributes["spare_devices"] {
            array.spareCount = try whole(text, "spare_devices", element)
        }
        // The last so many are spares, as mdadm(8) counts them.
        let spares = min(array.spareCount ?? 0, devices.count)
        array.members = Array(devices.dropLast(spares))
        array.spares = Array(devices.suffix(spares))
        if let text = element.attributes["chunk_size"] {
            // mdadm counts in KiB where no unit is said.
            guard let bytes = ExtentText.readBytes(text.hasSuffix("K") ? "\(text.dropLast())KiB" : text, unit: "KiB")
            else { throw bad(element, "chunk_size `\(text)` is no size") }
            array.chunk = bytes
        }
        array.arrangement = element.attributes["layout"]
        array.group = element.attributes["lvm_group"]
        return array
    }

    private func group(_ element: XMLElementNode) throws(LayoutFileError) -> VolumeGroup {
        guard element.name == "lvm_group" else { throw bad(element, "an <lvm> has <lvm_group> elements only") }
        try known(element, attributes: ["name", "phys_extent_size", "max_log_vols", "max_phys_vols"])
        var group = VolumeGroup(name: try required("name", element))
        if let text = element.attributes["phys_extent_size"] {
            // LVM's letters are binary: 4M is 4 MiB.
            let binary = text.last.map { "kKmMgG".contains($0) } == true ? "\(text)iB".replacingK : text
            guard let bytes = ExtentText.readBytes(binary, unit: "MiB") else {
                throw bad(element, "phys_extent_size `\(text)` is no size")
            }
            group.extentBytes = bytes
        }
        if let text = element.attributes["max_log_vols"] {
            group.maximumVolumes = try whole(text, "max_log_vols", element)
        }
        if let text = element.attributes["max_phys_vols"] {
            group.maximumDevices = try whole(text, "max_phys_vols", element)
        }
        for child in element.children {
            guard child.name == "lv" else { throw bad(child, "an <lvm_group> has <lv> elements only") }
            try known(child, attributes: ["name", "size", "lv_options"])
            let text = try required("size", child)
            let binary = text.last.map { "kKmMgGtT".contains($0) } == true ? "\(text)iB".replacingK : text
            guard let size = ExtentText.read(binary, unit: "MiB") else {
                throw bad(child, "size `\(text)` is no size such as 500M, and no *")
            }
            let options = (child.attributes["lv_options"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            group.volumes.append(VolumeGroup.Volume(name: try required("name", child), size: size, options: options))
        }
        return group
    }

    // MARK: - Boot loader and file systems

    private func loader(_ element: XMLElementNode, _ layout: DiskLayout) throws(LayoutFileError) -> BootLoaderChoice {
        try known(element, attributes: ["flavor", "install_type", "default_entry", "timeout"])
        var loader = BootLoaderChoice()
        switch try required("flavor", element) {
        case "grub", "grub2": loader.flavor = .grub2
        case "systemd", "systemd-boot": loader.flavor = .systemdBoot
        case "none": loader.flavor = .none
        case let other: throw bad(element, "there is no flavor `\(other)` here; there are grub2, systemd and none")
        }
        _ = try required("install_type", element)
        loader.firmware = try choice("install_type", element)
        loader.defaultEntry = element.attributes["default_entry"]
        if let text = element.attributes["timeout"] { loader.timeout = try whole(text, "timeout", element) }
        for child in element.children {
            guard child.name == "target" else { throw bad(child, "a <bootloader> has <target> elements only") }
            try known(child, attributes: ["dev", "path"])
            let device = try required("dev", child)
            // A directory is where UEFI's loader lies, which follows from what is mounted.
            if !device.hasPrefix("/dev/") && loader.firmware == .efi { continue }
            loader.targets.append(layout.device(named: device))
        }
        return loader
    }

    private func fileSystem(_ element: XMLElementNode, _ layout: DiskLayout) throws(LayoutFileError) -> FileSystem? {
        try known(
            element,
            attributes: [
                "line", "real_dev", "mount_dev", "mp", "fs", "mkfs_opts", "options", "dump", "pass", "format",
                "comment",
            ])
        if let line = element.attributes["line"] { _ = try whole(line, "line", element) }
        // A line that is a comment alone.
        guard let type = element.attributes["fs"] else {
            guard element.attributes["comment"] != nil, element.attributes["real_dev"] == nil else {
                throw bad(element, "it has no attribute fs")
            }
            return nil
        }
        let mountDevice = element.attributes["mount_dev"]
        guard let name = element.attributes["real_dev"] ?? mountDevice else {
            throw bad(element, "it has neither real_dev nor mount_dev")
        }
        guard let kind = FileSystem.Kind(rawValue: ["fat32": "vfat", "msdos": "vfat"][type] ?? type) else {
            throw bad(
                element,
                "there is no fs `\(type)` here; there are "
                    + FileSystem.Kind.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let point = element.attributes["mp"].flatMap { $0.isEmpty || $0 == "none" || $0 == "swap" ? nil : $0 }
        var system = FileSystem(
            device: layout.device(named: name), mountPoint: kind == .swap ? nil : point, kind: kind,
            options: element.attributes["options"].flatMap { $0.isEmpty ? nil : $0 } ?? "defaults",
            makeOptions: (element.attributes["mkfs_opts"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init))
        if let text = element.attributes["dump"] { system.dump = try whole(text, "dump", element) }
        system.pass = YAMLLayout.pass(kind, point)
        if let text = element.attributes["pass"] { system.pass = try whole(text, "pass", element) }
        system.comment = element.attributes["comment"]
        switch element.attributes["format"] {
        case nil, "yes": break
        case "no": system.format = false
        case let other: throw bad(element, "format is yes or no, not `\(other ?? "")`")
        }
        try nameDevice(&system, by: mountDevice, element)
        return system
    }

    /// `mount_dev` says how fstab names it: `LABEL=root`, `UUID`, or a device.
    private func nameDevice(
        _ system: inout FileSystem, by text: String?, _ element: XMLElementNode
    ) throws(LayoutFileError) {
        guard let text, system.kind.isOnDisk else { return }
        if text.hasPrefix("LABEL=") {
            system.naming = .label
            system.label = String(text.dropFirst("LABEL=".count))
        } else if text.hasPrefix("UUID") {
            // A new file system has a new one, so the one that is written here cannot be it.
            system.naming = .uuid
        } else if text.hasPrefix("PARTUUID") {
            system.naming = .partuuid
        } else if text.hasPrefix("/dev/") {
            system.naming = .device
        } else {
            throw bad(element, "mount_dev is LABEL=…, UUID=… or a device, not `\(text)`")
        }
    }

    // MARK: - Attributes

    private func bad(_ element: XMLElementNode, _ reason: String) -> LayoutFileError {
        .bad(file: file, line: element.line, place: "<\(element.name)>", reason: reason)
    }

    private func known(_ element: XMLElementNode, attributes: [String]) throws(LayoutFileError) {
        let unknown = element.attributes.keys.sorted().first { !attributes.contains($0) }
        guard let unknown else { return }
        throw bad(element, "there is no attribute `\(unknown)`; there are \(attributes.joined(separator: ", "))")
    }

    private func required(_ name: String, _ element: XMLElementNode) throws(LayoutFileError) -> String {
        guard let value = element.attributes[name], !value.isEmpty else {
            throw bad(element, "it has no attribute \(name), which it must have")
        }
        return value
    }

    private func whole(_ text: String, _ name: String, _ element: XMLElementNode) throws(LayoutFileError) -> Int {
        guard let number = Int(text), (0...1_000_000).contains(number) else {
            throw bad(element, "\(name) `\(text)` is no whole number")
        }
        return number
    }

    private func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String, _ element: XMLElementNode
    ) throws(LayoutFileError) -> Value? where Value.RawValue == String {
        guard let text = element.attributes[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw bad(
                element,
                "there is no \(name) `\(text)`; there are \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }
}

extension String {
    /// `4MiB` for `4miB`: the prefixes of IEC 80000-13.
    fileprivate var replacingK: String {
        guard count > 3 else { return self }
        let prefix = self.dropLast(3)
        let letter = self.suffix(3).prefix(1).uppercased()
        return "\(prefix)\(letter)iB"
    }
}
