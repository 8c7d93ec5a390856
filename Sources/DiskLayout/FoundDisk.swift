/// A disk as a machine has it: what a layout is resolved against.
public struct FoundDisk: Codable, Hashable, Sendable {
    public struct Partition: Codable, Hashable, Sendable {
        public var number: Int
        /// In sectors of the disk's own size.
        public var start: UInt64
        public var sectors: UInt64
        /// As the table has it: two hex digits or a GUID.
        public var type: String?
        /// Of the table (GPT).
        public var uuid: String?
        public var label: String?
        /// The kind of what is on it, as blkid(8) names it; nil: nothing that is known.
        public var content: String?
        /// The UUID of that.
        public var contentUUID: String?

        public init(
            number: Int, start: UInt64, sectors: UInt64, type: String? = nil, uuid: String? = nil,
            label: String? = nil, content: String? = nil, contentUUID: String? = nil
        ) {
            self.number = number
            self.start = start
            self.sectors = sectors
            self.type = type
            self.uuid = uuid
            self.label = label
            self.content = content
            self.contentUUID = contentUUID
        }
    }

    /// `/dev/nvme0n1`
    public var path: String
    public var bytes: UInt64
    /// The logical sector, in bytes: 512 or 4096.
    public var sectorBytes: UInt64
    public var model: String?
    /// Serial number, WWN, names below /dev/disk.
    public var ids: [String]
    public var isReadOnly: Bool
    /// A table's kind (`gpt`, `dos`), or what is on the disk without one; nil: nothing that is known.
    public var content: String?
    public var partitions: [Partition]

    public init(
        path: String, bytes: UInt64, sectorBytes: UInt64 = 512, model: String? = nil, ids: [String] = [],
        isReadOnly: Bool = false, content: String? = nil, partitions: [Partition] = []
    ) {
        self.path = path
        self.bytes = bytes
        self.sectorBytes = sectorBytes
        self.model = model
        self.ids = ids
        self.isReadOnly = isReadOnly
        self.content = content
        self.partitions = partitions
    }

    /// The kernel's name of a partition: a `p` goes between where the disk's own name ends in a digit.
    public func partitionPath(_ number: Int) -> String { DevicePath.partition(number, of: path) }

    /// `/dev/vda (8589934592 bytes, QEMU HARDDISK)`
    public var summary: String { "\(path) (\(bytes) bytes\(model.map { ", \($0)" } ?? ""))" }
}

/// Names of block devices, the kernel's way (block/partitions/core.c).
public enum DevicePath {
    public static func partition(_ number: Int, of disk: String) -> String {
        disk.utf8.last.map { (0x30...0x39).contains($0) } == true ? "\(disk)p\(number)" : "\(disk)\(number)"
    }

    /// Takes a partition's name apart: `/dev/sda1`, `/dev/nvme0n1p1`, `/dev/mmcblk0p2`. Nil for what is none.
    public static func split(_ path: String) -> (disk: String, number: Int)? {
        let digits = path.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
        guard digits > 0, digits <= 3, let number = Int(path.suffix(digits)), number > 0 else { return nil }
        let base = path.dropLast(digits)
        guard let last = base.utf8.last else { return nil }
        if last == UInt8(ascii: "p"), base.dropLast().utf8.last.map({ (0x30...0x39).contains($0) }) == true {
            return (String(base.dropLast()), number)
        }
        // `/dev/nvme0n1` is a disk.
        let name = base.split(separator: "/").last ?? base
        guard !["nvme", "mmcblk", "md", "loop", "nbd"].contains(where: name.hasPrefix) else { return nil }
        guard (0x61...0x7a).contains(last) else { return nil }
        return (String(base), number)
    }
}

/// Shell patterns without sets: `*` is any run, `?` any one byte. Takes no longer than the product of both lengths.
enum WildPattern {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        var (p, t) = (0, 0)
        var retry: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                retry = (p + 1, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
                (p, t) = (p + 1, t + 1)
            } else if let (start, from) = retry {
                retry = (start, from + 1)
                (p, t) = (start, from + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
