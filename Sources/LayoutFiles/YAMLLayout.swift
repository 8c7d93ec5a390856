import DiskLayout
import Yams

/// The YAML form: disks with their partitions, and with what is on each of them where it stands.
struct YAMLLayout {
    private let file: String
    private let root: Node

    init(_ text: String, file: String) throws(LayoutFileError) {
        self.file = file
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw LayoutFileError.bad(file: file, line: 1, place: "file", reason: "it is empty")
            }
            root = node
        } catch let error as LayoutFileError {
            throw error
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
    }

    func layout() throws(LayoutFileError) -> DiskLayout {
        let top = try map(root, "file", ["disks", "raid", "lvm", "mounts", "loader"])
        var layout = DiskLayout(disks: [])
        var pending: [(FileSystem, Node)] = []
        for node in try list(top["disks"], "disks") {
            let (disk, systems) = try disk(node)
            layout.disks.append(disk)
            pending += systems.map { ($0, node) }
        }
        for node in try list(top["raid"], "raid") { try addArray(node, to: &layout, &pending) }
        for node in try list(top["lvm"], "lvm") { try addGroup(node, to: &layout, &pending) }
        layout.fileSystems = pending.map(\.0)
        for node in try list(top["mounts"], "mounts") { layout.fileSystems.append(try foreign(node)) }
        if let node = top["loader"] { layout.loader = try loader(node, layout) }
        return layout
    }

    // MARK: - Disks

    private static let systemKeys = [
        "fs", "mount", "options", "mkfs", "label", "by", "format", "dump", "pass", "comment",
    ]

    private func disk(_ node: Node) throws(LayoutFileError) -> (Disk, [FileSystem]) {
        let keys = try map(node, "disk", ["name", "select", "table", "data", "partitions", "raid", "lvm"])
        let name = try string(keys["name"], "disk", node) ?? "/dev/sda"
        var disk = Disk(
            name: name, selector: try selector(keys["select"], name), label: try choice(keys["table"], "table") ?? .gpt,
            data: try choice(keys["data"], "data") ?? .erase)
        disk.array = try string(keys["raid"], "raid", node)
        disk.group = try string(keys["lvm"], "lvm", node)
        var systems: [FileSystem] = []
        for node in try list(keys["partitions"], "partitions") {
            let (partition, system) = try partition(node, of: disk)
            disk.partitions.append(partition)
            if let system { systems.append(system) }
        }
        return (disk, systems)
    }

    private func selector(_ node: Node?, _ name: String) throws(LayoutFileError) -> DiskSelector {
        guard let node else { return DiskSelector(device: name.hasPrefix("/dev/") ? name : nil) }
        let keys = try map(node, "select", ["device", "id", "model", "atLeast", "atMost", "choose"])
        return DiskSelector(
            device: try string(keys["device"], "device", node), id: try string(keys["id"], "id", node),
            model: try string(keys["model"], "model", node), atLeast: try bytes(keys["atLeast"], "atLeast"),
            atMost: try bytes(keys["atMost"], "atMost"), choice: try choice(keys["choose"], "choose") ?? .first)
    }

    private func partition(_ node: Node, of disk: Disk) throws(LayoutFileError) -> (Partition, FileSystem?) {
        let own = ["number", "size", "place", "type", "name", "flags", "raid", "lvm", "keep"]
        let keys = try map(node, "partition", own + Self.systemKeys)
        guard let size = try extent(keys["size"], "size") else {
            throw bad(node, "partition", "it has no size: say size: 512 MiB, or size: \"*\" for the rest")
        }
        let used = disk.partitions.map(\.number)
        let place: Partition.Place = try choice(keys["place"], "place") ?? .primary
        let first = place == .logical ? 5 : 1
        let number = try int(keys["number"], "number") ?? (first...(first + 256)).first { !used.contains($0) } ?? first
        var flags: Set<Partition.Flag> = []
        for flag in try list(keys["flags"], "flags") { flags.insert(try choice(flag, "flags") ?? .boot) }
        let partition = Partition(
            number: number, size: size, place: place, type: try string(keys["type"], "type", node),
            label: try string(keys["name"], "name", node), flags: flags,
            array: try string(keys["raid"], "raid", node), group: try string(keys["lvm"], "lvm", node),
            keep: try bool(keys["keep"], "keep") ?? false)
        let device = DiskLayout.Device.partition(disk: disk.name, number: number)
        var system = try fileSystem(keys, node, on: device)
        // What is kept is not formatted unless that is said.
        if partition.keep, keys["format"] == nil { system?.format = false }
        return (partition, system)
    }

    private func fileSystem(
        _ keys: [String: Node], _ node: Node, on device: DiskLayout.Device
    ) throws(LayoutFileError) -> FileSystem? {
        guard let kind: FileSystem.Kind = try choice(keys["fs"], "fs") else {
            guard keys["mount"] == nil else { throw bad(node, "mount", "it has no file system: say fs: ext4") }
            return nil
        }
        let point = try string(keys["mount"], "mount", node)
        var make: [String] = []
        for word in try list(keys["mkfs"], "mkfs") { make.append(try string(word, "mkfs", word) ?? "") }
        return FileSystem(
            device: device, mountPoint: kind == .swap ? nil : point, kind: kind,
            options: try string(keys["options"], "options", node) ?? "defaults", makeOptions: make,
            dump: try int(keys["dump"], "dump") ?? 0, pass: try int(keys["pass"], "pass") ?? Self.pass(kind, point),
            naming: try choice(keys["by"], "by") ?? .uuid, label: try string(keys["label"], "label", node),
            format: try bool(keys["format"], "format") ?? true, comment: try string(keys["comment"], "comment", node))
    }

    /// The order of checks that fstab(5) recommends.
    static func pass(_ kind: FileSystem.Kind, _ point: String?) -> Int {
        switch kind {
        case .ext2, .ext3, .ext4: point == "/" ? 1 : 2
        case .vfat: 2
        default: 0
        }
    }

    // MARK: - Arrays, volumes, the rest

    private func addArray(
        _ node: Node, to layout: inout DiskLayout, _ systems: inout [(FileSystem, Node)]
    ) throws(LayoutFileError) {
        let own = ["name", "level", "devices", "spares", "chunk", "layout", "lvm"]
        let keys = try map(node, "raid", own + Self.systemKeys)
        guard let name = try string(keys["name"], "name", node),
            let level: RaidArray.Level = try choice(keys["level"], "level")
        else { throw bad(node, "raid", "an array has a name (/dev/md0) and a level") }
        var array = RaidArray(name: name, level: level)
        for device in try list(keys["devices"], "devices") {
            array.members.append(layout.device(named: try string(device, "devices", device) ?? ""))
        }
        for device in try list(keys["spares"], "spares") {
            array.spares.append(layout.device(named: try string(device, "spares", device) ?? ""))
        }
        // Partitions may say themselves which array they are in.
        for disk in layout.disks {
            if disk.array == name { array.members.append(.disk(disk.name)) }
            for partition in disk.partitions where partition.array == name {
                let device = DiskLayout.Device.partition(disk: disk.name, number: partition.number)
                if !(array.members + array.spares).contains(device) { array.members.append(device) }
            }
        }
        array.chunk = try bytes(keys["chunk"], "chunk")
        array.arrangement = try string(keys["layout"], "layout", node)
        array.group = try string(keys["lvm"], "lvm", node)
        layout.arrays.append(array)
        if let system = try fileSystem(keys, node, on: .array(name)) { systems.append((system, node)) }
    }

    private func addGroup(
        _ node: Node, to layout: inout DiskLayout, _ systems: inout [(FileSystem, Node)]
    ) throws(LayoutFileError) {
        let keys = try map(node, "lvm", ["name", "extent", "volumes"])
        guard let name = try string(keys["name"], "name", node) else { throw bad(node, "lvm", "a group has a name") }
        var group = VolumeGroup(name: name, extentBytes: try bytes(keys["extent"], "extent"))
        for node in try list(keys["volumes"], "volumes") {
            let keys = try map(node, "volume", ["name", "size", "lvcreate"] + Self.systemKeys)
            guard let own = try string(keys["name"], "name", node), let size = try extent(keys["size"], "size") else {
                throw bad(node, "volume", "a volume has a name and a size")
            }
            var volume = VolumeGroup.Volume(name: own, size: size)
            for word in try list(keys["lvcreate"], "lvcreate") {
                volume.options.append(try string(word, "lvcreate", word) ?? "")
            }
            group.volumes.append(volume)
            if let system = try fileSystem(keys, node, on: .volume(group: name, name: own)) {
                systems.append((system, node))
            }
        }
        layout.groups.append(group)
    }

    private func foreign(_ node: Node) throws(LayoutFileError) -> FileSystem {
        let keys = try map(node, "mount", ["device"] + Self.systemKeys)
        guard let device = try string(keys["device"], "device", node),
            let system = try fileSystem(keys, node, on: .other(device))
        else { throw bad(node, "mounts", "it has a device (server:/home), fs and mount") }
        return system
    }

    private func loader(_ node: Node, _ layout: DiskLayout) throws(LayoutFileError) -> BootLoaderChoice {
        let keys = try map(node, "loader", ["flavor", "firmware", "targets", "timeout"])
        var loader = BootLoaderChoice(
            flavor: try choice(keys["flavor"], "flavor") ?? .grub2, firmware: try choice(keys["firmware"], "firmware"),
            timeout: try int(keys["timeout"], "timeout") ?? 2)
        for target in try list(keys["targets"], "targets") {
            loader.targets.append(layout.device(named: try string(target, "targets", target) ?? ""))
        }
        return loader
    }
}

// MARK: - Values

extension YAMLLayout {
    private func bad(_ node: Node?, _ place: String, _ reason: String) -> LayoutFileError {
        .bad(file: file, line: node?.mark?.line ?? 0, place: place, reason: reason)
    }

    private func map(_ node: Node, _ place: String, _ known: [String]) throws(LayoutFileError) -> [String: Node] {
        guard let mapping = node.mapping else { throw bad(node, place, "it is no list of `key: value`") }
        var found: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, known.contains(name) else {
                throw bad(
                    key, place, "there is no key `\(key.string ?? "?")`; there are \(known.joined(separator: ", "))")
            }
            found[name] = value
        }
        return found
    }

    /// A single value counts as a list of one.
    private func list(_ node: Node?, _ place: String) throws(LayoutFileError) -> [Node] {
        guard let node else { return [] }
        if let sequence = node.sequence { return Array(sequence) }
        guard node.scalar != nil else { throw bad(node, place, "it is no list") }
        return [node]
    }

    private func string(_ node: Node?, _ place: String, _ near: Node) throws(LayoutFileError) -> String? {
        guard let node else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else { throw bad(node, place, "it has no value") }
        return text
    }

    private func int(_ node: Node?, _ place: String) throws(LayoutFileError) -> Int? {
        guard let node else { return nil }
        guard let number = node.int else { throw bad(node, place, "`\(node.scalar?.string ?? "")` is no whole number") }
        return number
    }

    private func bool(_ node: Node?, _ place: String) throws(LayoutFileError) -> Bool? {
        guard let node else { return nil }
        guard let truth = node.bool else { throw bad(node, place, "it is true or false") }
        return truth
    }

    private func extent(_ node: Node?, _ place: String) throws(LayoutFileError) -> Extent? {
        guard let node else { return nil }
        guard let text = node.scalar?.string, let extent = ExtentText.read(text, unit: nil) else {
            throw bad(node, place, "`\(node.scalar?.string ?? "")` is no size such as 512 MiB, 20% or \"*\"")
        }
        return extent
    }

    private func bytes(_ node: Node?, _ place: String) throws(LayoutFileError) -> UInt64? {
        guard let node else { return nil }
        guard let text = node.scalar?.string, let bytes = ExtentText.readBytes(text, unit: nil) else {
            throw bad(node, place, "`\(node.scalar?.string ?? "")` is no size in bytes such as 100 GB")
        }
        return bytes
    }

    private func choice<Value: RawRepresentable & CaseIterable>(
        _ node: Node?, _ place: String
    ) throws(LayoutFileError) -> Value? where Value.RawValue == String {
        guard let node else { return nil }
        guard let text = node.scalar?.string, let value = Value(rawValue: text) else {
            throw bad(
                node, place,
                "there is no `\(node.scalar?.string ?? "")`; there are \(Value.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return value
    }
}
