import BootLab
import Foundation

/// Two roots of the same packages: one as the release's main suite has them, one with updates and security. Made once,
/// kept beside the bench's other inputs.
struct PackagePair: Sendable {
    let directory: LabDirectory
    let suite: String
    let say: @Sendable (String) -> Void

    /// What a compute node of a cluster runs; with what these need, some 380 packages and 1.8 GB.
    private static let packages = [
        "linux-image-amd64", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "iputils-ping", "isc-dhcp-client",
        "openssh-server", "openssh-client", "rsync", "chrony", "nfs-common", "rsyslog", "munge", "slurmd",
        "slurm-client", "openmpi-bin", "libopenmpi-dev", "gcc", "g++", "gfortran", "make", "cmake", "gdb", "git",
        "python3-scipy", "python3-numpy", "python3-pip", "environment-modules", "hwloc", "numactl", "pciutils",
        "ethtool", "lm-sensors", "vim", "less", "tmux", "curl", "wget", "bind9-dnsutils", "libssl-dev", "openssl",
        "sudo",
    ]

    /// Paths of both roots.
    struct Roots: Sendable {
        var old: String
        var new: String
    }

    /// Makes the roots that are missing: minutes each, and some 350 MB to download for both together.
    func make() async throws -> Roots {
        let archive = try await archive()
        let sources = archive.map { "deb \($0.uri) \($0.suite) main" }
        guard let main = archive.first(where: { $0.suite == suite }) else {
            throw LabError.system("apt knows no suite \(suite): its sources are what the roots are made from")
        }
        guard sources.count > 1 else {
            throw LabError.system("apt knows \(suite) alone: the pair needs its security suite, too")
        }
        // The newer one first: what did not change comes out of the cache of downloads for the other.
        try await root("security", sources)
        try await root("main", ["deb \(main.uri) \(main.suite) main"])
        return Roots(old: directory.file("main"), new: directory.file("security"))
    }

    private struct Place: Hashable {
        var uri: String
        var suite: String
    }

    /// The host's own sources of the suite and of what belongs to it, the suite first.
    private func archive() async throws -> [Place] {
        let format = "$(SITE) $(CODENAME) $(REPO_URI)"
        let lines = try await Program(
            "apt-get", ["indextargets", "--format", format, "Created-By: Packages", "Component: main"], package: "apt"
        ).run()
        var places: [Place] = []
        for line in lines.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, words[1] == suite || words[1].hasPrefix("\(suite)-") else { continue }
            let place = Place(uri: words[2], suite: words[1])
            if !places.contains(place) { places.append(place) }
        }
        return places.sorted { $0.suite.count < $1.suite.count }
    }

    private func root(_ name: String, _ sources: [String]) async throws {
        guard !FileManager.default.fileExists(atPath: directory.file(name)) else { return }
        say("  making the root \(name) of \(Self.packages.count) packages and what they need")
        let half = directory.file("\(name).half")
        try await Program("rm", ["-rf", "--one-file-system", "--", half]).run()
        let downloads = try directory.directory("debs").path
        // mmdebstrap's own words for its hooks; without them each root is downloaded whole.
        try await Program(
            "env",
            [
                "SOURCE_DATE_EPOCH=1686355200", "mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
                "--format=directory", "--skip=essential/unlink", "--dpkgopt=force-unsafe-io",
                "--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"",
                "--setup-hook=sync-in '\(downloads)' /var/cache/apt/archives",
                "--customize-hook=sync-out /var/cache/apt/archives '\(downloads)'",
                "--include=\(Self.packages.joined(separator: ","))", suite, half,
            ] + sources, package: "mmdebstrap"
        ).run()
        for left in ["var/log/apt", "var/log/dpkg.log", "var/log/alternatives.log", "var/cache/ldconfig/aux-cache"] {
            try? FileManager.default.removeItem(atPath: "\(half)/\(left)")
        }
        try FileManager.default.moveItem(atPath: half, toPath: directory.file(name))
    }

    /// How many packages a root has, and how many of them are of another version in the other.
    static func changes(_ roots: Roots) async throws -> (all: Int, changed: Int) {
        let old = try await versions(roots.old)
        let new = try await versions(roots.new)
        return (new.count, new.subtracting(old).count)
    }

    private static func versions(_ root: String) async throws -> Set<String> {
        let words = ["--admindir=\(root)/var/lib/dpkg", "--show", "--showformat=${Package} ${Version}\\n"]
        return Set(try await Program("dpkg-query", words).run().split(separator: "\n").map(String.init))
    }
}
