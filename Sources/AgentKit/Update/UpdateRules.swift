package import BootMachine

/// Whose the paths of an installed system are, as data: what an update brings, and what it leaves to the node.
package enum UpdateRules {
    package struct Rule: Hashable, Sendable {
        package var pattern: PathPattern
        package var owner: TreeDifference.Owner
    }

    /// The first that matches counts for a path and for all below it; what none matches is the image's.
    package static let table: [Rule] =
        // The kernel's own, and what is gone with the next start.
        rules(.node, ["/dev/", "/proc/", "/sys/", "/run/", "/tmp/", "/var/tmp/", "/var/run/", "/var/lock/"])
        // Disks and how they start; kernel and loader are written apart.
        + rules(
            .node,
            [
                "/boot/", "/efi/", "lost+found/", "/etc/fstab", "/etc/crypttab", "/etc/mdadm/", "/etc/lvm/archive/",
                "/etc/lvm/backup/", "/.perseid-install/", "/swapfile",
            ])
        // Who this machine is.
        + rules(
            .node,
            [
                "/etc/hostname", "/etc/machine-id", "/etc/hostid", "/etc/adjtime", "/etc/ssh/ssh_host_*",
                "/var/lib/perseid/", "/var/lib/dbus/machine-id",
            ])
        // Its network: what the install wrote among it.
        + rules(
            .node,
            [
                "/etc/resolv.conf", "/etc/netplan/", "/etc/NetworkManager/system-connections/",
                "/etc/network/interfaces", "/etc/network/interfaces.d/", "/etc/systemd/network/",
                "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
                "/etc/systemd/system/dbus-org.freedesktop.network1.service",
                "/etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
            ])
        // Its users' and its admins'.
        + rules(.node, ["/home/", "/srv/", "/media/", "/mnt/"])
        // Marks and locks that running programs leave.
        + rules(.node, ["/etc/.updated", "/var/.updated", "/etc/.pwd.lock", "/var/log/"])
        // What packages are there is the image's, and so is what their scripts remember.
        + rules(
            .image, ["/var/lib/dpkg/", "/var/lib/rpm/", "/var/lib/ucf/", "/var/lib/pam/", "/var/lib/systemd/deb-*"])
        // What programs keep: a new one gets its directories, and nothing is changed or taken away.
        + rules(.data, ["/var/", "/root/"])

    private static func rules(_ owner: TreeDifference.Owner, _ patterns: [String]) -> [Rule] {
        // One that did not read would leave nothing to the node; a test reads them all.
        patterns.compactMap { (try? PathPattern($0)).map { Rule(pattern: $0, owner: owner) } }
    }

    /// Nil: as the directory that it is in.
    package static func owner(of path: String, isDirectory: Bool) -> TreeDifference.Owner? {
        table.first { $0.pattern.matches(path, isDirectory: isDirectory) }?.owner
    }
}

/// Whose paths are on one node, for one update: by the admin's excludes, by what is mounted, by its own files, by the
/// table.
package struct UpdateScope {
    package var excludes: [PathRule]
    /// Paths of the node's own files, which the second pass writes.
    package var own: Set<String>
    package var mounts: MountTable
    /// `uname -r`: its modules are needed until the next start.
    package var release: String
    /// The names in a directory of the new tree.
    package var names: (String) -> [String]

    package init(
        excludes: [PathRule], own: Set<String>, mounts: MountTable, release: String,
        names: @escaping (String) -> [String]
    ) {
        self.excludes = excludes
        self.own = own
        self.mounts = mounts
        self.release = release
        self.names = names
    }

    package func isExcluded(_ path: String, isDirectory: Bool) -> Bool {
        excludes.leavesOut(path, isDirectory: isDirectory) == true
    }

    package func owner(of path: String, isDirectory: Bool) -> TreeDifference.Owner? {
        if isExcluded(path, isDirectory: isDirectory) || own.contains(path) { return .node }
        let owner = UpdateRules.owner(of: path, isDirectory: isDirectory)
        guard isDirectory, owner != .node else { return owner }
        // Another file system is the system's own only where the image has something to put into it.
        if mounts.isMountPoint(path), !mounts.isOfDisk(path) || names(path).isEmpty { return .node }
        if path == "/lib/modules/\(release)" || path == "/usr/lib/modules/\(release)", names(path).isEmpty {
            return .node
        }
        return owner
    }
}
