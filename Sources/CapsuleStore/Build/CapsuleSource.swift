/// What a capsule's root file system is made from.
public enum CapsuleSource: Hashable, Sendable {
    /// A directory that holds a root file system. It is read, never changed.
    case directory(String)
    /// A tar file of a root file system, compressed or not, as GNU tar reads it.
    case tar(String)
    /// A list of Debian packages; see `PackageList`.
    case packageList(String)
    /// The smallest root that boots: the host's static busybox with its links, for quick runs.
    case busybox

    /// Reads what a person wrote: `busybox`, a directory, a `.pkglist`, or a tar file.
    /// - Throws: `.badSource` where there is no such file.
    public init(argument: String) throws(CapsuleBuildError) {
        if argument == "busybox" {
            self = .busybox
            return
        }
        guard let status = DurableFiles.status(argument) ?? DurableFiles.status(argument + "/.") else {
            throw .badSource(path: argument, reason: "no such file or directory")
        }
        if status.kind == .directory || DurableFiles.status(argument + "/.")?.kind == .directory {
            self = .directory(argument)
        } else if argument.hasSuffix(".pkglist") {
            self = .packageList(argument)
        } else {
            self = .tar(argument)
        }
    }
}
