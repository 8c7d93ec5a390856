/// Where a kernel with its module tree comes from.
public enum KernelSource: Hashable, Sendable {
    /// A directory with `boot/vmlinuz-RELEASE` and `lib/modules/RELEASE` (or `usr/lib/modules/RELEASE`): an unpacked
    /// package, or a whole root.
    case directory(String)
    /// A Debian kernel package as a file.
    case debFile(String)
    /// The name of a Debian package, or of one that depends on it, such as `linux-image-cloud-amd64`. It is fetched
    /// with the host's apt and unpacked in the state directory; nothing is installed.
    case package(String)

    /// Reads what a person wrote: a path has a slash or ends in `.deb`, all else is a package's name.
    public init(argument: String) {
        if argument.hasSuffix(".deb") {
            self = .debFile(argument)
        } else if argument.contains("/") || argument == "." {
            self = .directory(argument)
        } else {
            self = .package(argument)
        }
    }

    /// What the capsules that Perseid defines itself run on: it has every virtual machine's devices and is a quarter
    /// of the full kernel.
    public static let cloud = MachineArchitecture.amd64.cloudKernel
}
