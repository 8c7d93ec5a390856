internal import Glibc
internal import Synchronization

/// Installs RPM packages into an empty root with dnf.
///
/// Nothing of the host's own settings counts but the repositories, where the list names none. A package is taken only
/// with a signature by a key that its repository names, unless that repository says `gpgcheck=0` itself.
struct DnfInstallation {
    let list: PackageList
    /// dnf's `$releasever`.
    let release: String
    /// A private directory for our own files.
    let scratch: String
    var progress: @Sendable (Int64, Int64?) -> Void
    /// Of the host.
    var repositories = "/etc/yum.repos.d"

    /// Where Fedora has kept the database since release 36; to RHEL 9 and others it is a link's target.
    private static let database = "usr/lib/sysimage/rpm"
    /// What scriptlets open: without these `> /dev/null` makes a file.
    private static let devices: [(name: String, major: dev_t, minor: dev_t)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]

    private static let configuration = """
        [main]
        gpgcheck=True
        install_weak_deps=False
        best=True
        plugins=False
        keepcache=False

        """

    /// - Parameter time: what rpm notes as the time of the installation, in seconds.
    /// - Throws: `.noRepository`, `.programMissing`, `.programFailed` with dnf's last lines, `.store`.
    func run(in directory: String, time: String) async throws(CapsuleBuildError) {
        let home = "\(scratch)/dnf"
        do throws(StoreError) {
            try DurableFiles.makeDirectory(home, permissions: 0o700)
            try DurableFiles.create("\(home)/dnf.conf", Array(Self.configuration.utf8), permissions: 0o600)
            // Debian's own rpm keeps its database in the home directory.
            try DurableFiles.create(
                "\(home)/.rpmmacros", Array("%_dbpath /\(Self.database)\n".utf8), permissions: 0o600)
            try prepare(directory)
        } catch {
            throw .store(error)
        }
        try copyRepositories(to: "\(home)/repos")
        let output = Mutex(DnfOutput())
        try await Program.dnf.run(
            [
                "-y", "--config=\(home)/dnf.conf", "--setopt=reposdir=\(home)/repos", "--installroot=\(directory)",
                "--releasever=\(release)", "install", "--",
            ] + list.packages, through: .ownProcessList(mountedAt: "\(directory)/proc"),
            variables: ["SOURCE_DATE_EPOCH": time, "HOME": home]
        ) { line in
            let (use, done, total) = output.withLock { ($0.read(line), $0.done, $0.total) }
            if use == .progress { progress(done, total) }
            return use != .message
        }
    }

    private func prepare(_ directory: String) throws(StoreError) {
        for name in ["dev", "proc", "var", "var/lib", "usr", "usr/lib", "usr/lib/sysimage", Self.database] {
            try DurableFiles.makeDirectory("\(directory)/\(name)")
        }
        try DurableFiles.link("\(directory)/var/lib/rpm", to: "../../\(Self.database)")
        let dev = try TreeDirectory.root("\(directory)/dev")
        for device in Self.devices {
            let name = Array(device.name.utf8)
            try dev.makeNode(name, mode: S_IFCHR | 0o666, device: device.major << 8 | device.minor)
            try dev.setPermissions(name, 0o666)
        }
    }

    /// Copies, since dnf takes directories alone, and for its owner alone, since passwords may stand in them.
    private func copyRepositories(to directory: String) throws(CapsuleBuildError) {
        let named = list.repositories.isEmpty ? [repositories] : list.repositories
        var files: [String] = []
        do throws(StoreError) {
            for place in named { files += try Self.repositoryFiles(place) }
            try DurableFiles.makeDirectory(directory, permissions: 0o700)
            for (index, file) in files.enumerated() {
                try DurableFiles.copy(file, to: "\(directory)/\(index).repo")
            }
        } catch {
            throw .store(error)
        }
        guard !files.isEmpty else { throw .noRepository(looked: named) }
    }

    private static func repositoryFiles(_ place: String) throws(StoreError) -> [String] {
        if DurableFiles.status("\(place)/.")?.kind == .directory {
            return try DurableFiles.names(in: place).filter { $0.hasSuffix(".repo") }.map { "\(place)/\($0)" }
        }
        return DurableFiles.status(place) == nil ? [] : [place]
    }
}
