/// The kind of a file system and its label, read from the front of a block device without mounting it: those kinds
/// that a cache may be on.
package struct FileSystemLabel: Hashable, Sendable {
    /// As mount(2) calls it, and as its module is called.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case ext4, xfs, btrfs
    }

    package var kind: Kind
    package var label: String

    /// How many bytes of the device are looked at: btrfs has its superblock at 64 KiB.
    package static let windowSize = (64 << 10) + 4096

    /// Nil where none of these file systems begins, or where it has no label.
    package init?(_ bytes: [UInt8]) {
        for place in Self.places where Self.matches(bytes, place) {
            let end = place.label + place.length
            guard bytes.count >= end else { continue }
            let name = bytes[place.label..<end].prefix { $0 != 0 }
            guard !name.isEmpty else { return nil }
            kind = place.kind
            label = String(decoding: name, as: UTF8.self)
            return
        }
        return nil
    }

    private struct Place {
        let kind: Kind
        let magic: (offset: Int, bytes: [UInt8])
        let label: Int
        let length: Int
    }

    /// ext4(5) and the kernel's Documentation/filesystems/ext4 (superblock at 1024: s_magic 0x38, s_volume_name 0x78);
    /// XFS's sb_fname at 108; btrfs's superblock at 65536 with its magic at 64 and its label at 299.
    private static let places = [
        Place(kind: .ext4, magic: (1024 + 0x38, [0x53, 0xef]), label: 1024 + 0x78, length: 16),
        Place(kind: .xfs, magic: (0, Array("XFSB".utf8)), label: 108, length: 12),
        Place(kind: .btrfs, magic: (65_536 + 64, Array("_BHRfS_M".utf8)), label: 65_536 + 299, length: 256),
    ]

    private static func matches(_ bytes: [UInt8], _ place: Place) -> Bool {
        let (offset, magic) = place.magic
        guard bytes.count >= offset + magic.count else { return false }
        return bytes[offset..<offset + magic.count].elementsEqual(magic)
    }
}
