package import DiskLayout
internal import Glibc
internal import PacketIO

/// The disks of this machine as lsblk(8) sees them.
package enum DiskScan {
    static let columns =
        "PATH,NAME,TYPE,SIZE,LOG-SEC,MODEL,SERIAL,WWN,RO,START,PTTYPE,PARTTYPE,PARTUUID,PARTLABEL,FSTYPE,UUID"

    /// A device of `lsblk --json --bytes`. Which fields are numbers and which are strings differs between versions.
    struct Device: Decodable {
        var path: String
        var name: String
        var type: String
        var size: Lenient?
        var sector: Lenient?
        var model: String?
        var serial: String?
        var wwn: String?
        var isReadOnly: Lenient?
        var start: Lenient?
        var table: String?
        var partitionType: String?
        var partitionUUID: String?
        var partitionLabel: String?
        var content: String?
        var uuid: String?
        var children: [Device]?

        enum CodingKeys: String, CodingKey {
            case path, name, type, size, model, serial, wwn, start, uuid, children
            case sector = "log-sec"
            case isReadOnly = "ro"
            case table = "pttype"
            case partitionType = "parttype"
            case partitionUUID = "partuuid"
            case partitionLabel = "partlabel"
            case content = "fstype"
        }
    }

    /// A number, a string of digits, or a truth value.
    struct Lenient: Decodable {
        var value: UInt64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt64.self) {
                value = number
            } else if let truth = try? container.decode(Bool.self) {
                value = truth ? 1 : 0
            } else {
                value = UInt64((try? container.decode(String.self)) ?? "") ?? 0
            }
        }
    }

    private struct Listing: Decodable {
        var blockdevices: [Device]
    }

    package static func run(_ tools: InstallTools) throws(InstallProblem) -> [FoundDisk] {
        // Readers that are slow to appear, a SCSI bus above all, do so within seconds of their driver.
        let bytes = try tools.run(["lsblk", "--json", "--bytes", "--output", columns])
        do throws(JSONError) {
            return try disks(bytes)
        } catch {
            throw .tools("lsblk: \(error)")
        }
    }

    /// Reads what lsblk writes; memory, loop devices and empty readers are no disks.
    package static func disks(_ json: [UInt8]) throws(JSONError) -> [FoundDisk] {
        let listing = try JSONBytes.decode(Listing.self, from: json)
        return listing.blockdevices.filter { device in
            device.type == "disk" && (device.size?.value ?? 0) > 0
                && !["loop", "ram", "zram", "sr", "fd", "nbd"].contains(where: device.name.hasPrefix)
        }.map(found).sorted { naturally($0.path, $1.path) }
    }

    private static func found(_ device: Device) -> FoundDisk {
        let sector = device.sector.map { max(512, $0.value) } ?? 512
        var partitions: [FoundDisk.Partition] = []
        for child in device.children ?? [] where child.type == "part" {
            guard let (_, number) = DevicePath.split(child.path) else { continue }
            partitions.append(
                FoundDisk.Partition(
                    number: number, start: (child.start?.value ?? 0) * 512 / sector,
                    sectors: (child.size?.value ?? 0) / sector,
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
            path: device.path, bytes: device.size?.value ?? 0, sectorBytes: sector,
            model: device.model, ids: ids, isReadOnly: device.isReadOnly?.value == 1,
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
