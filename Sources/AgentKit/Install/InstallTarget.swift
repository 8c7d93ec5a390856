package import DiskLayout
internal import Glibc
internal import PacketIO

/// The disks of the machine, mounted below one directory while the system is put there.
package enum InstallTarget {
    package static let root = InstallTools.target
    /// On the new root until it is filled: the capsule's images, which may be larger than the memory.
    package static let scratch = "\(root)/.perseid-install"

    /// Mounts everything from / downwards; seen by the install tools, too.
    package static func mount(_ work: DiskWork, load: (String) -> Void) throws(InstallProblem) {
        for (device, point, kind) in work.mounts {
            load(kind.rawValue)
            do throws(SystemError) {
                try FileSystems.mount(
                    device, on: point == "/" ? root : root + point, type: kind.rawValue, flags: Int(MS_NOATIME))
            } catch {
                throw .system("mounting \(device)", error)
            }
        }
        do throws(SystemError) {
            try FileSystems.bind(root, to: InstallTools.root + root)
            try SmallFile.makeDirectory(scratch, permissions: 0o700)
            for name in ["/dev", "/proc", "/sys", "/run", "/tmp"] { try SmallFile.makeDirectory(root + name) }
        } catch {
            throw .system("the mount points of the new root", error)
        }
    }

    /// Writes everything back and unmounts, the innermost first.
    package static func unmount(_ work: DiskWork) throws(InstallProblem) {
        sync()
        _ = umount2(InstallTools.root + root, Int32(MNT_DETACH))
        for (_, point, _) in work.mounts.reversed() {
            let path = point == "/" ? root : root + point
            do throws(SystemError) {
                try unmount(path)
            } catch {
                throw .system("unmounting \(path)", error)
            }
        }
    }

    /// A loop device lets its file go a moment after its last user went.
    private static func unmount(_ path: String) throws(SystemError) {
        let end = BootClock.milliseconds() + 5_000
        while true {
            do throws(SystemError) {
                try systemCall("umount2", path) { umount2(path, 0) }
                return
            } catch {
                guard error.code == EBUSY, BootClock.milliseconds() < end else { throw error }
                BootClock.sleep(milliseconds: 100)
            }
        }
    }

    /// Takes away what an install before this one left in this kernel: mounts, volume groups, arrays.
    package static func release(_ tools: InstallTools) {
        // Images that are on the disk keep it busy for as long as something is mounted from them.
        try? RootAssembly.release()
        _ = umount2(InstallTools.root + root, Int32(MNT_DETACH))
        // Whatever is mounted below goes with it.
        while FileSystems.isMountPoint(root), umount2(root, Int32(MNT_DETACH)) == 0 {}
        _ = try? tools.run(["vgchange", "--config", DiskWork.lvmConfiguration, "--activate", "n", "--quiet"])
        _ = try? tools.run(["mdadm", "--stop", "--scan"])
    }

    /// Writes a file of the new root; links on the way to it are followed within the root alone.
    package static func write(_ file: NetworkIdentity.File) throws(InstallProblem) {
        do throws(SystemError) {
            if file.isLink {
                try LayerFiles.link(file.path, to: file.contents, below: root)
            } else {
                try LayerFiles.write(file.path, Array(file.contents.utf8), mode: file.mode, below: root)
            }
        } catch {
            throw .system("writing \(file.path)", error)
        }
    }

    package static func exists(_ path: String) -> Bool {
        var found = stat()
        return lstat(root + path, &found) == 0
    }
}
