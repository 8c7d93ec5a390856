import DiskLayout

/// SystemInstaller's table: a line for each partition, foreign file system or array.
///
/// ```
/// # units=MB label_type=msdos
/// /dev/sda1 100 ext4 /boot defaults bootable
/// /dev/sda5 512 swap
/// /dev/sda6 *   ext4 /     defaults
/// server:/home - nfs /home rw
/// raid1 /dev/md0 /dev/sda1 /dev/sdb1 [/dev/sdc1]
/// ```
struct TableLayout {
    private let text: String
    private let file: String

    init(_ text: String, file: String) {
        self.text = text
        self.file = file
    }

    private struct Settings {
        var unit = "MB"
        var label = Disk.Label.msdos
        var firmware: BootLoaderChoice.Firmware?
        var bootDevice: String?
    }

    private struct Line {
        var number: Int
        var words: [String]
    }

    func layout() throws(LayoutFileError) -> DiskLayout {
        var settings = Settings()
        var lines: [Line] = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.drop(while: \.isWhitespace)
            if line.hasPrefix("#") {
                try read(line.dropFirst(), index + 1, into: &settings)
            } else {
                let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
                if !words.isEmpty { lines.append(Line(number: index + 1, words: words)) }
            }
        }
        var layout = DiskLayout(disks: [])
        // Devices first: an array may name those that follow it.
        for line in lines where line.words[0].hasPrefix("/dev/") && !line.words[0].hasPrefix("/dev/md") {
            try addPartition(line, settings, to: &layout)
        }
        for line in lines where line.words[0].hasPrefix("raid") { try addArray(line, to: &layout) }
        for line in lines where !line.words[0].hasPrefix("raid") { try addFileSystem(line, to: &layout) }
        nameExtended(in: &layout)
        layout.loader.firmware = settings.firmware
        if let device = settings.bootDevice { layout.loader.targets = [layout.device(named: device)] }
        return layout
    }

    /// `# units=MB label_type=gpt`; any other comment is one.
    private func read(_ comment: Substring, _ line: Int, into settings: inout Settings) throws(LayoutFileError) {
        for word in comment.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "units":
                guard parts[1] == "%" || ExtentText.bytes(of: parts[1]) != nil else {
                    throw bad(line, "units", "`\(parts[1])` is no unit such as MB or %")
                }
                settings.unit = parts[1]
            case "label_type":
                guard let label = Disk.Label(rawValue: parts[1]), label != .none else {
                    throw bad(line, "label_type", "it is msdos or gpt, not `\(parts[1])`")
                }
                settings.label = label
            case "boot_type":
                guard let firmware = BootLoaderChoice.Firmware(rawValue: parts[1]) else {
                    throw bad(line, "boot_type", "it is efi or legacy, not `\(parts[1])`")
                }
                settings.firmware = firmware
            case "boot_device": settings.bootDevice = parts[1]
            default: break
            }
        }
    }

    private func addPartition(_ line: Line, _ settings: Settings, to layout: inout DiskLayout) throws(LayoutFileError) {
        guard let (name, number) = DevicePath.split(line.words[0]) else {
            throw bad(line.number, "device", "`\(line.words[0])` is no partition such as /dev/sda1 or /dev/nvme0n1p1")
        }
        guard line.words.count >= 3 else {
            throw bad(line.number, line.words[0], "a partition has a size and a type: /dev/sda1 100 ext4 /boot")
        }
        let type = line.words[2].lowercased()
        if type == "extended" && line.words[1] == "-" { return }
        guard let size = ExtentText.read(line.words[1], unit: settings.unit) else {
            throw bad(line.number, "size", "`\(line.words[1])` is no number of \(settings.unit) and no *")
        }
        if !layout.disks.contains(where: { $0.name == name }) {
            layout.disks.append(Disk(name: name, selector: DiskSelector(device: name), label: settings.label))
        }
        var partition = Partition(number: number, size: size)
        if settings.label == .msdos, number > 4 { partition.place = .logical }
        let flags = line.words.dropFirst(4)
        if flags.contains("bootable") { partition.flags.insert(settings.label == .msdos ? .boot : .legacyBoot) }
        switch type {
        case "extended": partition.place = .extended
        case "bios_grub", "biosboot": partition.flags.insert(.biosBoot)
        case "raid": partition.flags.insert(.raid)
        case "esp", "efi": partition.flags.insert(.esp)
        case "vfat" where line.words.dropFirst(3).first?.hasSuffix("/efi") == true: partition.flags.insert(.esp)
        default: break
        }
        for index in layout.disks.indices where layout.disks[index].name == name {
            layout.disks[index].partitions.append(partition)
        }
    }

    private func addArray(_ line: Line, to layout: inout DiskLayout) throws(LayoutFileError) {
        guard let level = RaidArray.Level(rawValue: String(line.words[0].dropFirst(4))),
            [.striped, .mirrored, .parity, .doubleParity].contains(level)
        else { throw bad(line.number, line.words[0], "the levels are raid0, raid1, raid5 and raid6") }
        guard line.words.count >= 3 else {
            throw bad(line.number, line.words[0], "an array has a name and devices: raid1 /dev/md0 /dev/sda1 /dev/sdb1")
        }
        var array = RaidArray(name: line.words[1], level: level)
        for word in line.words.dropFirst(2) {
            let isSpare = word.hasPrefix("[") && word.hasSuffix("]")
            let name = isSpare ? String(word.dropFirst().dropLast()) : word
            let device = layout.device(named: name)
            guard layout.exists(device) else { throw bad(line.number, array.name, "\(name) is not in the table") }
            if isSpare { array.spares.append(device) } else { array.members.append(device) }
            guard case .partition(let disk, let number) = device else { continue }
            for one in layout.disks.indices where layout.disks[one].name == disk {
                for two in layout.disks[one].partitions.indices where layout.disks[one].partitions[two].number == number
                {
                    layout.disks[one].partitions[two].flags.insert(.raid)
                }
            }
        }
        layout.arrays.append(array)
    }

    private func addFileSystem(_ line: Line, to layout: inout DiskLayout) throws(LayoutFileError) {
        guard line.words.count >= 3 else { throw bad(line.number, line.words[0], "device, size, type, mount point") }
        let type = line.words[2].lowercased()
        if ["extended", "bios_grub", "biosboot", "raid", "-"].contains(type) { return }
        let kind: FileSystem.Kind
        switch type {
        case "esp", "efi", "fat32", "fat16", "fat": kind = .vfat
        default:
            guard let known = FileSystem.Kind(rawValue: type) else {
                throw bad(line.number, "type", "there is no file system `\(type)` here")
            }
            kind = known
        }
        let point = line.words.dropFirst(3).first
        guard kind == .swap || point != nil else { throw bad(line.number, line.words[0], "it has no mount point") }
        let options = line.words.dropFirst(4).first { $0 != "bootable" } ?? "defaults"
        layout.fileSystems.append(
            FileSystem(
                device: layout.device(named: line.words[0]), mountPoint: kind == .swap ? nil : point, kind: kind,
                options: options, pass: YAMLLayout.pass(kind, point)))
    }

    /// Logical partitions lie in an extended one, which tables leave out: it takes the room that they take.
    private func nameExtended(in layout: inout DiskLayout) {
        for index in layout.disks.indices where layout.disks[index].label == .msdos {
            let partitions = layout.disks[index].partitions
            guard partitions.contains(where: { $0.place == .logical }),
                !partitions.contains(where: { $0.place == .extended }),
                let number = (1...4).last(where: { number in !partitions.contains { $0.number == number } })
            else { continue }
            let size = partitions.contains { $0.place == .primary && $0.size == .rest } ? sum(partitions) : .rest
            layout.disks[index].partitions.append(Partition(number: number, size: size, place: .extended))
        }
    }

    /// What the logical partitions take together, each with the table before it: where a primary one has the rest.
    private func sum(_ partitions: [Partition]) -> Extent {
        var bytes: UInt64 = 0
        for partition in partitions where partition.place == .logical {
            // Anything else than bytes leaves two that want the rest, which the layout's check names.
            guard case .bytes(let size) = partition.size, size < 1 << 50 else { return .rest }
            bytes += (size / (1 << 20) + 2) << 20
        }
        return .bytes(bytes)
    }

    private func bad(_ line: Int, _ place: String, _ reason: String) -> LayoutFileError {
        .bad(file: file, line: line, place: place, reason: reason)
    }
}
