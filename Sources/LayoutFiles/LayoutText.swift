public import DiskLayout

extension DiskLayout {
    /// The layout in the YAML form, which reads back as the same.
    public var yaml: String {
        var text = "disks:\n"
        for disk in disks { text += Self.yaml(disk, in: self) }
        if !arrays.isEmpty {
            text += "raid:\n"
            for array in arrays { text += yaml(array) }
        }
        if !groups.isEmpty {
            text += "lvm:\n"
            for group in groups { text += yaml(group) }
        }
        let foreign = fileSystems.filter { if case .other = $0.device { true } else { false } }
        if !foreign.isEmpty {
            text += "mounts:\n"
            for system in foreign {
                text +=
                    "  - {" + (["device: \(quoted(system.device.text))"] + fields(of: system)).joined(separator: ", ")
                    + "}\n"
            }
        }
        var loader = ["flavor: \(self.loader.flavor.rawValue)"]
        if let firmware = self.loader.firmware { loader.append("firmware: \(firmware.rawValue)") }
        if !self.loader.targets.isEmpty {
            loader.append("targets: [\(self.loader.targets.map { quoted($0.text) }.joined(separator: ", "))]")
        }
        loader.append("timeout: \(self.loader.timeout)")
        return text + "loader: {\(loader.joined(separator: ", "))}\n"
    }

    private static func yaml(_ disk: Disk, in layout: DiskLayout) -> String {
        var text = "  - name: \(layout.quoted(disk.name))\n"
        let selector = disk.selector
        var select: [String] = []
        if let device = selector.device { select.append("device: \(layout.quoted(device))") }
        if let id = selector.id { select.append("id: \(layout.quoted(id))") }
        if let model = selector.model { select.append("model: \(layout.quoted(model))") }
        if let bytes = selector.atLeast { select.append("atLeast: \(ExtentText.write(bytes: bytes))") }
        if let bytes = selector.atMost { select.append("atMost: \(ExtentText.write(bytes: bytes))") }
        if selector.choice != .first || select.isEmpty { select.append("choose: \(selector.choice.rawValue)") }
        text += "    select: {\(select.joined(separator: ", "))}\n    table: \(disk.label.rawValue)\n"
        if disk.data != .erase { text += "    data: \(disk.data.rawValue)\n" }
        if let array = disk.array { text += "    raid: \(layout.quoted(array))\n" }
        if let group = disk.group { text += "    lvm: \(layout.quoted(group))\n" }
        guard !disk.partitions.isEmpty else { return text }
        text += "    partitions:\n"
        for partition in disk.partitions {
            text += "      - {\(layout.fields(of: partition, on: disk).joined(separator: ", "))}\n"
        }
        return text
    }

    private func fields(of partition: Partition, on disk: Disk) -> [String] {
        var fields = ["number: \(partition.number)", "size: \(quoted(ExtentText.write(partition.size)))"]
        if partition.place != .primary { fields.append("place: \(partition.place.rawValue)") }
        if let type = partition.type { fields.append("type: \(quoted(type))") }
        if let label = partition.label { fields.append("name: \(quoted(label))") }
        if !partition.flags.isEmpty {
            fields.append("flags: [\(partition.flags.map(\.rawValue).sorted().joined(separator: ", "))]")
        }
        if let array = partition.array { fields.append("raid: \(quoted(array))") }
        if let group = partition.group { fields.append("lvm: \(quoted(group))") }
        if partition.keep { fields.append("keep: true") }
        return fields + systemFields(on: .partition(disk: disk.name, number: partition.number))
    }

    private func yaml(_ array: RaidArray) -> String {
        var fields = ["name: \(quoted(array.name))", "level: \(quoted(array.level.rawValue))"]
        fields.append("devices: [\(array.members.map { quoted($0.text) }.joined(separator: ", "))]")
        if !array.spares.isEmpty {
            fields.append("spares: [\(array.spares.map { quoted($0.text) }.joined(separator: ", "))]")
        }
        if let chunk = array.chunk { fields.append("chunk: \(ExtentText.write(bytes: chunk))") }
        if let arrangement = array.arrangement { fields.append("layout: \(quoted(arrangement))") }
        if let group = array.group { fields.append("lvm: \(quoted(group))") }
        return "  - {\((fields + systemFields(on: .array(array.name))).joined(separator: ", "))}\n"
    }

    private func yaml(_ group: VolumeGroup) -> String {
        var text = "  - name: \(quoted(group.name))\n"
        if let bytes = group.extentBytes { text += "    extent: \(ExtentText.write(bytes: bytes))\n" }
        guard !group.volumes.isEmpty else { return text }
        text += "    volumes:\n"
        for volume in group.volumes {
            var fields = ["name: \(quoted(volume.name))", "size: \(quoted(ExtentText.write(volume.size)))"]
            if !volume.options.isEmpty {
                fields.append("lvcreate: [\(volume.options.map(quoted).joined(separator: ", "))]")
            }
            fields += systemFields(on: .volume(group: group.name, name: volume.name))
            text += "      - {\(fields.joined(separator: ", "))}\n"
        }
        return text
    }

    private func systemFields(on device: Device) -> [String] {
        fileSystems.first { $0.device == device }.map { fields(of: $0) } ?? []
    }

    private func fields(of system: FileSystem) -> [String] {
        var fields = ["fs: \(system.kind.rawValue)"]
        if let point = system.mountPoint { fields.append("mount: \(quoted(point))") }
        if system.options != "defaults" { fields.append("options: \(quoted(system.options))") }
        if !system.makeOptions.isEmpty {
            fields.append("mkfs: [\(system.makeOptions.map(quoted).joined(separator: ", "))]")
        }
        if let label = system.label { fields.append("label: \(quoted(label))") }
        if system.naming != .uuid { fields.append("by: \(system.naming.rawValue)") }
        if !system.format { fields.append("format: false") }
        if system.dump != 0 { fields.append("dump: \(system.dump)") }
        if system.pass != YAMLLayout.pass(system.kind, system.mountPoint) { fields.append("pass: \(system.pass)") }
        if let comment = system.comment { fields.append("comment: \(quoted(comment))") }
        return fields
    }

    /// YAML's double quotes, where a plain word will not do.
    private func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || Array("/_.-".utf8).contains(byte)
        }
        if isPlain, text.utf8.first.map({ (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2f }) == true { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
