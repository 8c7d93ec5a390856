/// What all boot servers of a race hand out: the same loaders, kernel, initramfs and command line.
public struct BootPayload: Hashable, Sendable {
    /// iPXE for a BIOS machine whose ROM is another one.
    public var biosLoader: String
    /// iPXE for a UEFI machine.
    public var uefiLoader: String
    public var kernel: String
    public var initramfs: String
    public var commandLine: String

    /// Loaders are those of Debian's package `ipxe` unless named.
    public init(
        kernel: String, initramfs: String, commandLine: String,
        biosLoader: String = "/usr/lib/ipxe/undionly.kpxe", uefiLoader: String = "/usr/lib/ipxe/snponly.efi"
    ) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.commandLine = commandLine
        self.biosLoader = biosLoader
        self.uefiLoader = uefiLoader
    }
}
