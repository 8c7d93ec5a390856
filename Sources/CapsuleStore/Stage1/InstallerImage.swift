internal import CapsuleFormat
internal import Foundation

/// Builds the image of the programs that an install needs: Debian's own, unpacked and never configured, as squashfs.
/// Stage 1 fetches it for an install alone, and knows its digest.
struct InstallerImage {
    /// What partitions, joins, formats and makes bootable, with what it is linked to; a shell for scripts and people,
    /// which is not busybox's: that one takes its own `mke2fs` before the one of `PATH`.
    static let packages = [
        "btrfs-progs", "busybox-static", "coreutils", "dash", "dosfstools", "e2fsprogs", "efibootmgr", "fdisk",
        "grub-common", "grub-efi-amd64-bin", "grub-pc-bin", "grub2-common", "lvm2", "mdadm", "mount",
        "systemd-boot-efi", "util-linux", "xfsprogs",
    ]

    /// What those packages bring and no install runs: documents, interpreters, images of GRUB with everything in them.
    static let excluded = [
        "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bug",
        "usr/share/perl", "usr/share/perl5", "usr/share/python3", "usr/share/bash-completion", "usr/share/gdb",
        "usr/share/maven-repo", "usr/share/initramfs-tools", "usr/share/doc-base", "usr/lib/python3*",
        "usr/bin/python3*",
        "usr/bin/perl*", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/perl-base",
        "usr/lib/x86_64-linux-gnu/libperl*", "usr/lib/x86_64-linux-gnu/libicu*",
        "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/grub/*/monolithic", "usr/bin/grub-mkrescue", "usr/bin/grub-fstest",
        "usr/sbin/grub-macbless", "usr/share/grub/*.pf2", "lib/udev", "usr/lib/udev", "lib/systemd",
        "usr/lib/systemd/system",
        "var/lib/apt", "var/cache", "var/lib/dpkg", "etc/apt",
        // Devices are the machine's, the rest is mounted over.
        "dev/*", "proc/*", "sys/*", "run/*", "tmp/*",
    ]

    /// A private directory for our own files.
    let scratch: String

    /// - Returns: the image's path.
    /// - Throws: `.programFailed` with mmdebstrap's last lines, `.noAptSource`.
    func make(cachedIn directory: String) async throws -> String {
        let suite = AptSources.hostSuite() ?? "bookworm"
        let recipe = ([suite] + Self.packages + Self.excluded).joined(separator: "\n")
        let name = "installer-\(ContentDigest(hashing: Array(recipe.utf8)).hex.prefix(16)).img"
        let cached = "\(directory)/\(name)"
        if DurableFiles.status(cached)?.kind == .file { return cached }
        try DurableFiles.makeDirectory(directory)
        let tree = "\(scratch)/installer"
        let files = try AptSources.read(suite: suite).write(in: scratch)
        try await Program.mmdebstrap.run(
            [
                "--variant=extract", "--mode=\(getuid() == 0 ? "root" : "unshare")", "--format=directory",
                "--include=\(Self.packages.joined(separator: ","))", suite, tree,
            ] + files, through: getuid() == 0 ? .ownMounts : nil)
        for place in ["dev", "proc", "sys", "run", "tmp", "target"] {
            try DurableFiles.makeDirectory("\(tree)/\(place)")
        }
        let image = "\(scratch)/\(name)"
        try await SquashImage(tree: tree, excluded: Self.excluded, withoutTimes: true, ownedByRoot: true)
            .write(to: image)
        try DurableFiles.move(image, to: cached)
        return cached
    }
}
