internal import PacketIO

/// What is mounted where (proc(5), /proc/self/mountinfo), and what /etc/fstab would mount.
package struct MountTable: Hashable, Sendable {
    package struct Mount: Hashable, Sendable {
        /// As mount(2) calls it.
        package var kind: String
        /// Which directory of the file system is shown: `/` for all of it.
        package var top: String
    }

    /// By mount point. Of several at one place the last counts.
    package private(set) var mounts: [String: Mount] = [:]
    /// Mount points of fstab, mounted or not.
    package private(set) var wanted: Set<String> = []

    /// File systems that a layout makes.
    private static let diskKinds: Set<String> = ["ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"]

    package init(mountInfo: String, fileSystemTable: String) {
        for line in mountInfo.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 6, let dash = words.dropFirst(6).firstIndex(of: "-"), dash + 1 < words.count else {
                continue
            }
            mounts[Self.unescape(words[4])] = Mount(kind: String(words[dash + 1]), top: Self.unescape(words[3]))
        }
        for line in fileSystemTable.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 1, words[1].hasPrefix("/"), words[1] != "/" else { continue }
            wanted.insert(Self.unescape(words[1]))
        }
    }

    package static func now() -> MountTable {
        let read = { (path: String) in
            String(decoding: (try? SmallFile.read(path, limit: 16 << 20)) ?? [], as: UTF8.self)
        }
        return MountTable(mountInfo: read("/proc/self/mountinfo"), fileSystemTable: read("/etc/fstab"))
    }

    /// Whether something is mounted there, or is to be.
    package func isMountPoint(_ path: String) -> Bool { mounts[path] != nil || wanted.contains(path) }

    /// Whether the whole of a disk's file system is mounted there.
    package func isOfDisk(_ path: String) -> Bool {
        guard let mount = mounts[path] else { return false }
        // What btrfs calls its subvolumes counts as a whole.
        return Self.diskKinds.contains(mount.kind) && (mount.top == "/" || mount.kind == "btrfs")
    }

    /// Blanks and backslashes stand as three octal digits.
    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
