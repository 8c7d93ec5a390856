internal import Foundation
internal import Synchronization

/// Makes a root from a package list with mmdebstrap or dnf, and takes out what differs from one build to the next or must
/// not be the same on every node.
struct PackageRoot {
    let list: PackageList
    /// A private directory for our own files.
    let scratch: String
    /// Bytes of the root that are done, and all, where they are known.
    var progress: @Sendable (Int64, Int64?) -> Void = { _, _ in }

    /// For programs that ask what time it is while they are installed: passwd(5)'s last change, Python's compiled files.
    /// The day Debian 12 came out, since any fixed day will do.
    private static let fixedTime = "1686355200"

    /// - Throws: `.noAptSource`, `.noRepository`, `.programFailed` with the program's last lines, `.needsRoot`.
    func make(in directory: String, asRoot: Bool) async throws(CapsuleBuildError) {
        guard asRoot else { throw .needsRoot("a capsule from a package list") }
        let started = Int64(Date().timeIntervalSince1970)
        if let release = list.release {
            try await DnfInstallation(list: list, release: release, scratch: scratch, progress: progress).run(
                in: directory, time: Self.fixedTime)
        } else {
            try await debian(in: directory)
        }
        try await clean(directory)
        do {
            try FileTimes(of: directory).clamp(startOfBuild: started)
        } catch {
            throw .store(error)
        }
    }

    private func debian(in directory: String) async throws(CapsuleBuildError) {
        guard let suite = list.suite ?? AptSources.hostSuite() else {
            throw .noAptSource(suite: "of this host", looked: ["/usr/lib/os-release"])
        }
        let files = try AptSources.read(suite: suite).write(in: scratch)
        let meter = Mutex(InstallMeter())
        try await Program.mmdebstrap.run(
            [
                "--verbose", "--variant=minbase", "--mode=root", "--format=directory",
                "--include=\(list.packages.joined(separator: ","))", suite, directory,
            ] + files, through: .ownMounts, variables: ["SOURCE_DATE_EPOCH": Self.fixedTime]
        ) { line in
            let state = meter.withLock { $0.read(line) ? ($0.done, $0.total) : nil }
            if let state { progress(state.0, state.1) }
            return state != nil
        }
    }

    /// Directories whose contents are for one machine or one run.
    private static let emptied = [
        "var/cache/apt", "var/lib/apt/lists", "var/lib/apt/mirrors", "var/log/apt", "var/log/journal", "var/tmp",
        "var/cache/ldconfig", "var/cache/debconf", "var/cache/dnf",
    ]
    /// Files for one machine, backups of the package manager, and keys that every node must make for itself.
    private static let removed = [
        "etc/hostname", "etc/resolv.conf", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/.pwd.lock",
        "var/lib/dpkg/status-old", "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old",
        "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
        "var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log", "var/log/fontconfig.log",
        "var/log/faillog", "var/log/lastlog", "var/log/dnf.log", "var/log/dnf.rpm.log", "var/log/dnf.librepo.log",
        "var/log/hawkey.log", "var/lib/dnf/history.sqlite", "var/lib/dnf/history.sqlite-shm",
        "var/lib/dnf/history.sqlite-wal", "usr/lib/sysimage/rpm/.rpm.lock", "usr/lib/sysimage/rpm/rpmdb.sqlite-shm",
    ]
    /// rpm's database has everything in its main file when it is closed, and leaves this one empty.
    private static let journal = "usr/lib/sysimage/rpm/rpmdb.sqlite-wal"

    private func clean(_ directory: String) async throws(CapsuleBuildError) {
        do {
            var gone = Self.removed.map { "\(directory)/\($0)" }
            if DurableFiles.status("\(directory)/\(Self.journal)")?.size == 0 {
                gone.append("\(directory)/\(Self.journal)")
            }
            for name in try DurableFiles.names(in: "\(directory)/etc/ssh") where name.hasPrefix("ssh_host_") {
                gone.append("\(directory)/etc/ssh/\(name)")
            }
            for place in Self.emptied where DurableFiles.status("\(directory)/\(place)")?.kind == .directory {
                gone += try DurableFiles.names(in: "\(directory)/\(place)", hidden: true).map {
                    "\(directory)/\(place)/\($0)"
                }
            }
            try await Program.rm.run(["-rf", "--one-file-system", "--"] + gone)
            // Empty, not absent: systemd then makes an id for this boot and does not think of a first boot.
            try DurableFiles.replace("\(directory)/etc/machine-id", with: [], permissions: 0o644)
            // systemd rebuilds its catalogues at boot unless these are as new as /usr.
            for place in ["etc", "var"] {
                try DurableFiles.replace("\(directory)/\(place)/.updated", with: [], permissions: 0o644)
            }
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as CapsuleBuildError {
            throw error
        } catch {
            throw .badSource(path: directory, reason: "\(error)")
        }
    }
}
