package import BootMachine
internal import Glibc
internal import PacketIO

/// The partition of this node that keeps chunks, found by its label. It is mounted and written; nothing is ever
/// formatted, and nothing but the directory `perseid-cache` on it is touched.
package enum CacheDisk {
    /// In /run, so that it is still mounted in the runtime OS: writing back what is new to the disk does not hold up
    /// the boot.
    package static let mountPoint = "/run/perseid/cache"

    /// Devices with a file system of that label, in the order of their names.
    package static func find(label: String) -> [(device: String, kind: FileSystemLabel.Kind)] {
        SmallFile.names(in: "/sys/class/block").compactMap { name in
            // Memory, and devices that have a medium or not.
            guard !["loop", "ram", "zram", "sr", "fd", "nbd"].contains(where: name.hasPrefix) else { return nil }
            guard let found = read("/dev/\(name)"), found.label == label else { return nil }
            return ("/dev/\(name)", found.kind)
        }
    }

    private static func read(_ device: String) -> FileSystemLabel? {
        guard let file = try? FileDescriptor.open(device, O_RDONLY | O_NONBLOCK),
            let bytes = try? file.bytes(FileSystemLabel.windowSize, at: 0)
        else { return nil }
        return FileSystemLabel(bytes)
    }

    /// Mounts the disk and opens the cache on it.
    /// - Parameter load: brings the module of a kind of file system.
    /// - Returns: nil where there is no such disk, or none that can be used, which the console is told.
    package static func open(
        _ plan: Plan.Cache, console: Console, load: (String) -> Void
    ) -> ChunkCache? {
        let disks = find(label: plan.label)
        guard let disk = disks.first else { return nil }
        if disks.count > 1 {
            console.line("\(disks.count) disks have the label \(plan.label); \(disk.device) is used")
        }
        load(disk.kind.rawValue)
        do throws(SystemError) {
            if !FileSystems.isMountPoint(mountPoint) {
                try FileSystems.mount(
                    disk.device, on: mountPoint, type: disk.kind.rawValue,
                    flags: Int(MS_NOSUID) | Int(MS_NODEV) | Int(MS_NOEXEC) | Int(MS_NOATIME))
            }
            let cache = try ChunkCache(in: "\(mountPoint)/perseid-cache", limit: plan.limitBytes)
            console.line("\(disk.device) (\(disk.kind.rawValue), \(plan.label)) keeps chunks for the next boot")
            return cache
        } catch {
            console.line("\(disk.device) is no use as a cache, going on without: \(error)")
            return nil
        }
    }

    /// Writes back what is new and unmounts, where it is mounted.
    package static func close(console: Console) {
        guard FileSystems.isMountPoint(mountPoint) else { return }
        do throws(SystemError) {
            try systemCall("umount2", mountPoint) { umount2(mountPoint, 0) }
        } catch {
            console.line("the cache disk stays mounted: \(error)")
            sync()
        }
    }
}
