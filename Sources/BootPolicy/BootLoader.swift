/// Which boot program firmware is given first: a setting of the server.
public enum BootLoader: String, CaseIterable, Hashable, Sendable {
    /// iPXE: everything after it by HTTP. For all machines that do not demand signed loaders.
    case ipxe
    /// PXELINUX on BIOS; UEFI gets iPXE.
    case pxelinux
    /// GRUB on UEFI, without shim: for firmware that trusts GRUB's signer, or nobody's. BIOS gets iPXE.
    case grub
    /// shim and then GRUB on UEFI, for Secure Boot with Microsoft's keys. BIOS gets iPXE.
    case shim

    /// What a BIOS gets, by TFTP. Names are beneath the TFTP root and the URL path `/boot/`.
    public var bios: String { self == .pxelinux ? "lpxelinux.0" : ClientFingerprint.biosLoader }

    /// What x64 UEFI gets, by TFTP.
    public var uefi: String {
        switch self {
        case .ipxe, .pxelinux: ClientFingerprint.uefiLoader
        case .grub: "grubx64.efi"
        case .shim: "shimx64.efi"
        }
    }

    /// What x64 UEFI's HTTP boot gets. iPXE always: GRUB before 2.12 knows no port in a URL but 80, so it would not
    /// find its configuration here.
    public var uefiHTTP: String { ClientFingerprint.uefiLoader }
}
