package import DiskLayout
internal import Glibc
internal import PacketIO

/// The disks of this machine as lsblk(8) sees them.
package enum DiskScan {
    static let columns =
        "PATH,NAME,TYPE,SIZE,LOG-SEC,MODEL,SERIAL,WWN,RO,START,PTTYPE,PARTTYPE,PARTUUID,PARTLABEL,FSTYPE,UUID"

    package static func run(_ tools: InstallTools) throws(InstallProblem) -> [FoundDisk] {
        // Readers that are slow to appear, a SCSI bus above all, do so within seconds of their driver.
        let bytes = try tools.run(["lsblk", "--json", "--bytes", "--output", columns])
        do throws(JSONError) {
            var devices = try JSONBytes.decode(BlockDevice.Listing.self, from: bytes).blockdevices.filter(\.isDisk)
            do throws(InstallProblem) {
                for number in devices.indices { try look(into: &devices[number], tools) }
            } catch {
                throw JSONError(what: error.description)
            }
            return disks(devices)
        } catch {
            throw .tools("lsblk: \(error)")
        }
    }

    /// Reads what lsblk writes.
    package static func disks(_ json: [UInt8]) throws(JSONError) -> [FoundDisk] {
        disks(try JSONBytes.decode(BlockDevice.Listing.self, from: json).blockdevices)
    }

    private static func disks(_ devices: [BlockDevice]) -> [FoundDisk] {
        devices.filter(\.isDisk).map(found).sorted { naturally($0.path, $1.path) }
    }

    /// Asks blkid(8) what is on a disk and on its partitions: lsblk tells what udev(7) knows, which does not run here.
    /// Without it a disk with data would look like an empty one.
    private static func look(into device: inout BlockDevice, _ tools: InstallTools) throws(InstallProblem) {
        do throws(InstallProblem) {
            // 2: there is nothing.
            let text = try tools.run(["blkid", "--probe", "--output", "export", device.path], accepting: 2)
            device.take(BlockDevice.probed(String(decoding: text, as: UTF8.self)))
        } catch {
            // 8: signatures of more than one kind. Whatever it is, it is not nothing.
            guard case .program = error else { throw error }
            device.content = device.content ?? "data of a kind that cannot be told"
        }
        var children = device.children ?? []
        for number in children.indices where children[number].type == "part" {
            try look(into: &children[number], tools)
        }
        device.children = children
    }

    private static func found(_ device: BlockDevice) -> FoundDisk {
        let sector = device.sectorBytes
        var partitions: [FoundDisk.Partition] = []
        for child in device.children ?? [] where child.type == "part" {
            guard let (_, number) = DevicePath.split(child.path) else { continue }
            partitions.append(
                FoundDisk.Partition(
                    number: number, start: child.offset / sector, sectors: child.bytes / sector,
                    type: child.partitionType.map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 },
                    uuid: child.partitionUUID, label: child.partitionLabel, content: child.content,
                    contentUUID: child.uuid))
        }
        // Where the kernel has it: virtio and NVMe, which lsblk without udev does not look at.
        let own = ["serial", "device/serial", "wwid", "device/wwid"].compactMap {
            SmallFile.text("/sys/class/block/\(device.name)/\($0)")
        }
        let ids = [device.serial, device.wwn].compactMap { $0 } + own + names(of: device.path)
        return FoundDisk(
            path: device.path, bytes: device.bytes, sectorBytes: sector,
            model: device.model, ids: ids, isReadOnly: device.isReadOnly,
            content: device.table ?? device.content, partitions: partitions.sorted { $0.number < $1.number })
    }

    /// What udev(7) calls it, where it runs.
    private static func names(of path: String) -> [String] {
        ["by-id", "by-path"].flatMap { directory in
            SmallFile.names(in: "/dev/disk/\(directory)").filter { name in
                SmallFile.linkedName("/dev/disk/\(directory)/\(name)").map { path.hasSuffix("/" + $0) } ?? false
            }
        }
    }

    /// sda before sdaa, nvme2n1 before nvme10n1.
    private static func naturally(_ first: String, _ second: String) -> Bool {
        (first.utf8.count, first) < (second.utf8.count, second)
    }
}
