/// The scripts that are rendered, by the loader they are for; the value is the template's file name in `tftpboot/`.
public enum BootTemplate: String, CaseIterable, Hashable, Sendable {
    case ipxe = "boot.ipxe"
    /// What newer iPXE runs before its own boot: it goes to its script.
    case autoexec = "autoexec.ipxe"
    case pxelinux = "pxelinux.cfg"
    case grub = "grub.cfg"
}
