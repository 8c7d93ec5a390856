/// What a capsule's root file system is made from.
public enum CapsuleSource: Hashable, Sendable {
    /// A directory that holds a root file system. It is read, never changed.
    case directory(String)
    /// A tar file, plain or compressed with gzip, xz, zstd or lz4: of a root file system, or of a container image, which
    /// its entries tell apart.
    case tar(String)
    /// A container image: an OCI image layout, as a directory or as a tar file, or an archive of `docker save`. The name
    /// says which, where there are several for this platform.
    case image(String, name: String?)
    /// A list of packages; see `PackageList`.
    case packageList(String)
    /// A running machine, copied with rsync over ssh.
    case client(GoldenClient)
    /// Packages that are named elsewhere.
    case packages(PackageList)
    /// The smallest root that boots: the host's static busybox with its links, for quick runs.
    case busybox

    /// Before an image's path, as skopeo and podman write it: `oci:DIRECTORY:NAME`.
    private static let transports = ["oci", "oci-archive", "docker-archive"]

    /// Reads what a person wrote: `busybox`, a directory, a `.pkglist`, a tar file, or an image as `oci:PATH[:NAME]`.
    /// - Throws: `.badSource` where there is no such file.
    /// - Parameter directory: where relative paths begin; nil is the working directory.
    public init(argument: String, from directory: String? = nil) throws(CapsuleBuildError) {
        if argument == "busybox" {
            self = .busybox
            return
        }
        if argument.hasPrefix("ssh://") {
            guard let client = GoldenClient(argument) else {
                throw .badSource(path: argument, reason: "expected ssh://[USER@]HOST[:PORT][/PATH]")
            }
            self = .client(client)
            return
        }
        func place(_ path: String) -> String {
            guard let directory, !path.hasPrefix("/") else { return path }
            return "\(directory)/\(path)"
        }
        let parts = argument.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 2, Self.transports.contains(parts[0]) {
            let path = place(parts[1])
            guard DurableFiles.status(path + "/.") ?? DurableFiles.status(path) != nil else {
                throw .badSource(path: path, reason: "no such file or directory")
            }
            self = .image(path, name: parts.count == 3 ? parts[2] : nil)
            return
        }
        let argument = place(argument)
        guard let status = DurableFiles.status(argument) ?? DurableFiles.status(argument + "/.") else {
            throw .badSource(path: argument, reason: "no such file or directory")
        }
        if status.kind == .directory || DurableFiles.status(argument + "/.")?.kind == .directory {
            let isLayout = DurableFiles.status(argument + "/oci-layout")?.kind == .file
            self = isLayout ? .image(argument, name: nil) : .directory(argument)
        } else if argument.hasSuffix(".pkglist") {
            self = .packageList(argument)
        } else {
            self = .tar(argument)
        }
    }

    /// Where a `capsule.yaml` says that the root comes from. What it says of packages adds to a `.pkglist`, or takes its
    /// place.
    /// - Throws: `CapsuleBuildError`.
    init(_ description: CapsuleDescription) throws(CapsuleBuildError) {
        guard let argument = description.source else {
            self = .packages(try PackageList(description))
            return
        }
        self = try CapsuleSource(argument: argument, from: description.directory)
        guard case .packageList(let file) = self else { return }
        var list = try PackageList(contentsOf: file)
        try list.add(description)
        self = .packages(list)
    }
}
