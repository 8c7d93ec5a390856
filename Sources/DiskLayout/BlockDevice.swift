/// A block device as `lsblk --json --bytes` tells of it, with what is made of it: partitions, arrays, volumes.
///
/// Which fields are there depends on the columns asked for; which of them are numbers and which text, on the version.
package struct BlockDevice: Decodable, Sendable {
    /// All that lsblk writes.
    package struct Listing: Decodable, Sendable {
        package var blockdevices: [BlockDevice]
    }

    /// A number, a string of digits, or a truth value.
    package struct Number: Decodable, Sendable {
        package var value: UInt64

        package init(from decoder: any Decoder) throws {
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

    package var path: String
    package var name: String
    /// `disk`, `part`, `raid1`, `lvm`, `loop`, …
    package var type: String
    package var model: String?
    package var serial: String?
    package var wwn: String?
    package var table: String?
    package var partitionType: String?
    package var partitionLabel: String?
    package var partitionFlags: String?
    package var partitionUUID: String?
    package var content: String?
    package var label: String?
    package var uuid: String?
    package var mountPoint: String?
    package var children: [BlockDevice]?

    private var size: Number?
    private var sector: Number?
    private var start: Number?
    private var readOnly: Number?

    package enum CodingKeys: String, CodingKey {
        case path, name, type, model, serial, wwn, label, uuid, children, size, start
        case sector = "log-sec"
        case readOnly = "ro"
        case table = "pttype"
        case partitionType = "parttype"
        case partitionLabel = "partlabel"
        case partitionFlags = "partflags"
        case partitionUUID = "partuuid"
        case content = "fstype"
        case mountPoint = "mountpoint"
    }

    /// Reads what `blkid --probe --output export` writes: `NAME=value` a line, with backslashes before what is special.
    package static func probed(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let sign = line.firstIndex(of: "=") else { continue }
            var value = ""
            var isPlain = true
            for character in line[line.index(after: sign)...] {
                isPlain = !isPlain || character != "\\"
                if isPlain { value.append(character) }
            }
            values[String(line[..<sign])] = value
        }
        return values
    }

    /// Takes over what lsblk did not tell.
    package mutating func take(_ values: [String: String]) {
        table = table ?? values["PTTYPE"]
        content = content ?? values["TYPE"]
        uuid = uuid ?? values["UUID"]
        label = label ?? values["LABEL"]
        partitionType = partitionType ?? values["PART_ENTRY_TYPE"]
        partitionUUID = partitionUUID ?? values["PART_ENTRY_UUID"]
        partitionLabel = partitionLabel ?? values["PART_ENTRY_NAME"]
    }

    package var bytes: UInt64 { size?.value ?? 0 }

    /// Bytes of a sector of its own, 512 at least.
    package var sectorBytes: UInt64 { max(512, sector?.value ?? 512) }

    /// Bytes from the disk's beginning; lsblk counts in 512 whatever the disk's sectors are.
    package var offset: UInt64 { (start?.value ?? 0).multipliedReportingOverflow(by: 512).partialValue }

    package var isReadOnly: Bool { readOnly?.value == 1 }

    /// Memory, loop and network devices and empty readers are no disks.
    package var isDisk: Bool {
        type == "disk" && bytes > 0 && !["loop", "ram", "zram", "nbd", "sr", "fd"].contains(where: name.hasPrefix)
    }
}
