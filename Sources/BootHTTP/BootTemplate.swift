/// The scripts that are rendered, by the loader they are for; the value is the template's file name in `tftpboot/`.
public enum BootTemplate: String, CaseIterable, Hashable, Sendable {
    case ipxe = "boot.ipxe"
    /// What newer iPXE runs before its own boot: it goes to its script.
    case autoexec = "autoexec.ipxe"
    case pxelinux = "pxelinux.cfg"
    case grub = "grub.cfg"
    /// Those that start the node's own disk.
    case localIPXE = "local.ipxe"
    case localPXELINUX = "local-pxelinux.cfg"
    case localGRUB = "local-grub.cfg"

    /// The one for the same loader that starts the node's own disk.
    var local: BootTemplate {
        switch self {
        case .ipxe: .localIPXE
        case .pxelinux: .localPXELINUX
        case .grub: .localGRUB
        // It leads to the script that is told apart.
        case .autoexec: .autoexec
        case .localIPXE, .localPXELINUX, .localGRUB: self
        }
    }
}
