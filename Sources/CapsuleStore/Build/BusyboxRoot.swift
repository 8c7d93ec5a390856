internal import Glibc

/// The `small` capsule's root: the host's static busybox, a link for each of its programs, and an init table that starts
/// the agent.
struct BusyboxRoot {
    /// Where Debian's package has it.
    var busybox = "/usr/bin/busybox"

    private static let directories = [
        "bin", "dev", "etc/init.d", "lib/modules", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "usr/bin",
        "usr/sbin", "var/log",
    ]

    private static let files: [(path: String, permissions: mode_t, text: String)] = [
        (
            "etc/inittab", 0o644,
            """
            ::sysinit:/etc/init.d/rcS
            ::respawn:/run/perseid/perseid-agent stage2
            ::askfirst:-/bin/sh
            ::ctrlaltdel:/sbin/reboot
            ::shutdown:/bin/umount -a -r

            """
        ),
        (
            "etc/init.d/rcS", 0o755,
            """
            #!/bin/sh
            # Stage 1 hands its mounts over; what it did not mount is mounted here.
            mounted() { grep -q " $1 " /proc/mounts 2>/dev/null; }
            mounted /proc || mount -t proc proc /proc
            mounted /sys || mount -t sysfs sysfs /sys
            mounted /dev || mount -t devtmpfs devtmpfs /dev
            mkdir -p /dev/pts
            mounted /dev/pts || mount -t devpts devpts /dev/pts
            mounted /run || mount -t tmpfs -o mode=755 tmpfs /run
            mounted /tmp || mount -t tmpfs -o mode=1777 tmpfs /tmp
            [ -s /etc/hostname ] && hostname -F /etc/hostname

            """
        ),
        ("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ("etc/group", 0o644, "root:x:0:\nnogroup:x:65534:\n"),
        ("etc/shadow", 0o600, "root:*:19518:0:99999:7:::\n"),
        ("etc/hosts", 0o644, "127.0.0.1 localhost\n"),
        (
            "etc/os-release", 0o644,
            "NAME=\"Perseid small\"\nID=perseid-small\nPRETTY_NAME=\"Perseid small (busybox)\"\n"
        ),
    ]

    /// - Parameter directory: new and empty.
    func make(in directory: String) async throws(CapsuleBuildError) {
        guard DurableFiles.status(busybox) != nil else {
            throw .programMissing(program: busybox, package: Program.busybox.package)
        }
        do {
            try ElfExecutable.requireStatic(busybox)
        } catch .notStatic {
            throw .programMissing(program: "\(busybox) without libraries", package: Program.busybox.package)
        }
        let programs = try await Program.env.output(["--", busybox, "--list-full"])
        do {
            for path in Self.directories { try DurableFiles.makeDirectory("\(directory)/\(path)") }
            let binary = try DurableFiles.read(busybox, limit: 64 << 20)
            try DurableFiles.create("\(directory)/bin/busybox", binary, permissions: 0o755)
            for file in Self.files {
                try DurableFiles.create(
                    "\(directory)/\(file.path)", Array(file.text.utf8), permissions: file.permissions)
            }
            try link(programs, in: directory)
            try FileTimes(of: directory).setAll(to: 0)
        } catch {
            throw .store(error)
        }
    }

    private func link(_ programs: String, in directory: String) throws(StoreError) {
        for program in programs.split(separator: "\n") {
            guard (try? TreePath(Array(program.utf8))) != nil else { continue }
            let path = "\(directory)/\(program)"
            try DurableFiles.makeDirectory(DurableFiles.parent(of: path))
            if DurableFiles.status(path) == nil { try DurableFiles.link(path, to: "/bin/busybox") }
        }
    }
}
