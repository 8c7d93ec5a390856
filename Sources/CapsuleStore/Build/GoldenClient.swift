internal import Synchronization

/// A running machine whose root file system becomes a capsule's: `ssh://[USER@]HOST[:PORT][/PATH]`.
public struct GoldenClient: Hashable, Sendable {
    public var user: String?
    /// A name or an address, an IPv6 address without its brackets.
    public var host: String
    public var port: UInt16?
    /// Absolute, with a slash at its end.
    public var path: String

    /// Nil where `text` is no such address, or one that a program could take for something else.
    public init?(_ text: String) {
        guard text.hasPrefix("ssh://") else { return nil }
        let rest = text.dropFirst("ssh://".count)
        let authority = rest.prefix { $0 != "/" }
        let path = String(rest.dropFirst(authority.count))
        guard path.isEmpty || (try? TreePath(Array(path.utf8.dropFirst()))) != nil else { return nil }
        self.path = path.isEmpty || path == "/" ? "/" : (path.hasSuffix("/") ? path : path + "/")
        let parts = authority.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        user = parts.count == 2 ? String(parts[0]) : nil
        var place = parts.last ?? ""
        if place.first == "[" {
            guard let end = place.firstIndex(of: "]") else { return nil }
            host = String(place[place.index(after: place.startIndex)..<end])
            place = place[place.index(after: end)...]
            guard host.utf8.allSatisfy({ Self.isName($0) || $0 == UInt8(ascii: ":") }) else { return nil }
        } else {
            host = String(place.prefix { $0 != ":" })
            place = place.dropFirst(host.count)
            guard host.utf8.allSatisfy(Self.isName) else { return nil }
        }
        port = nil
        if !place.isEmpty {
            guard place.first == ":", let number = UInt16(place.dropFirst()), number > 0 else { return nil }
            port = number
        }
        guard !host.isEmpty, host.first != "-", user.map({ AccountName.check($0) != nil }) ?? true else { return nil }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    /// As ssh takes it.
    var destination: String { (user.map { "\($0)@" } ?? "") + host }

    /// As rsync takes it.
    var source: String { (user.map { "\($0)@" } ?? "") + (host.contains(":") ? "[\(host)]" : host) + ":" + path }

    public var text: String {
        "ssh://" + (user.map { "\($0)@" } ?? "") + (host.contains(":") ? "[\(host)]" : host)
            + (port.map { ":\($0)" } ?? "") + path
    }
}

extension GoldenClient {
    /// What a command prints there. Its words go through the shell of that machine: none may come from elsewhere.
    /// - Parameter configuration: an ssh_config(5) in the place of the caller's own.
    public func output(of command: String, configuration: String? = nil) async throws -> String {
        try await Program.ssh.output(["-T"] + options(configuration) + ["--", destination, command])
    }

    /// For ssh and for rsync's ssh alike.
    func options(_ configuration: String?) -> [String] {
        (configuration.map { ["-F", $0] } ?? []) + ["-o", "BatchMode=yes"] + (port.map { ["-p", "\($0)"] } ?? [])
    }
}

/// Copies a golden client with rsync over ssh: what its disks hold, without what belongs to that one machine.
struct GoldenClientRoot {
    let client: GoldenClient
    /// An ssh_config(5) in the place of the caller's own; nil for that.
    let configuration: String?
    /// Left out beside `excluded`, as that is.
    var excluding: [String] = []
    /// Bytes that were gone through, and all, where they are known.
    var progress: @Sendable (Int64, Int64?) -> Void = { _, _ in }

    /// What no other machine is to have, what is mounted over, and what is made anew: patterns of rsync(1) from the root.
    static let excluded = [
        "/proc/*", "/sys/*", "/dev/*", "/run/*", "/tmp/*", "/var/tmp/*", "/mnt/*", "/media/*", "/lost+found",
        "/swapfile", "/swap.img", "/var/swap*",
        "/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostname", "/etc/resolv.conf", "/etc/fstab", "/etc/mtab",
        "/etc/adjtime", "/etc/ssh/ssh_host_*", "/etc/udev/rules.d/70-persistent-net.rules",
        "/etc/perseid", "/var/lib/perseid",
        "/root/.bash_history", "/root/.ssh/id_*", "/home/*/.ssh/id_*", "/home/*/.bash_history",
        "/var/lib/systemd/random-seed", "/var/lib/systemd/timers/*", "/var/lib/systemd/coredump/*",
        "/var/lib/dhcp/*.leases*", "/var/lib/NetworkManager/*.lease*", "/var/lib/logrotate/status",
        "/var/cache/apt/archives/*", "/var/cache/apt/*.bin", "/var/cache/ldconfig/*", "/var/lib/apt/lists/*",
        "/var/spool/cron/crontabs/.*", "/var/crash/*", "/var/backups/*",
    ]

    /// File systems on disks. What is mounted of any other kind is left out: network file systems, tmpfs, overlays.
    private static let local: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs", "vfat", "zfs",
    ]

    func make(in directory: String) async throws {
        let mounts = try await client.output(of: "findmnt -rn -o TARGET,FSTYPE", configuration: configuration)
        var filters = ["--filter=+ /var/log/**/", "--filter=- /var/log/**"]
        filters += (Self.excluded + excluding).map { "--filter=- \($0)" }
        filters += Self.foreign(mounts, below: client.path).map { "--filter=- \($0)" }
        let shell = (["ssh"] + client.options(configuration)).map { "'\($0)'" }.joined(separator: " ")
        let meter = Mutex(CopyMeter())
        let words = ["-aHAXs", "--numeric-ids", "--delete", "--info=progress2", "--no-inc-recursive", "-e", shell]
        try await Program.rsync.run(words + filters + ["--", client.source, directory + "/"]) { line in
            let state = meter.withLock { $0.read(line) ? ($0.done, $0.total) : nil }
            if let state { progress(state.0, state.1) }
            return state != nil
        }
        // Empty, not absent: systemd then makes an id for this boot and does not think of a first boot.
        let times = try FileTimes(of: directory)
        let editor = RootEditor(directory: directory, asRoot: true, time: times.newest)
        try editor.put("/etc/machine-id", [], .init(permissions: 0o644))
        try editor.put("/etc/fstab", [], .init(permissions: 0o644))
        try times.restore(in: directory)
    }

    /// Patterns for what is mounted from elsewhere, out of `TARGET FSTYPE` lines.
    static func foreign(_ mounts: String, below root: String) -> [String] {
        mounts.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, !local.contains(String(words[1])) else { return nil }
            let target = unescaped(String(words[0]))
            let prefix = root == "/" ? "" : String(root.dropLast())
            guard target.hasPrefix(prefix + "/"), target.count > prefix.count + 1 else { return nil }
            let escaped = target.dropFirst(prefix.count).map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }
            return escaped.joined() + "/*"
        }
    }

    /// findmnt writes blanks and the like as `\x20`.
    private static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x5C, rest.first == 0x78,
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(3)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
