public import BootProtocols

/// What a name means in the tree of boot programs, the same by TFTP and by HTTP.
public enum BootName: Hashable, Sendable {
    /// A loader, or stage 1's kernel or initramfs: the same for everyone. Beneath the root, without a slash in front.
    case file(String)
    /// Rendered for one machine; nil: for whoever asks, as the name does not tell.
    case script(BootTemplate, MACAddress?)

    /// Reads a name as a boot program sends it: slashes in front are dropped, doubled ones count once, and the path
    /// of the URLs, `boot/…`, is the same name.
    public init(_ name: String) {
        var parts = name.split(separator: "/").filter { $0 != "." }
        if parts.first == "boot" { parts.removeFirst() }
        let path = parts.joined(separator: "/")
        self = Self.script(path) ?? .file(path)
    }

    private static func script(_ path: String) -> BootName? {
        switch path {
        case "autoexec.ipxe": return .script(.autoexec, nil)
        case "grub/grub.cfg", "grub.cfg": return .script(.grub, nil)
        default: break
        }
        // The number in front of the MAC is its ARP hardware type: 1, Ethernet.
        let forms: [(prefix: String, suffix: String, kind: BootTemplate)] = [
            ("script/", ".ipxe", .ipxe), ("pxelinux.cfg/01-", "", .pxelinux), ("grub/grub.cfg-01-", "", .grub),
            ("grub.cfg-01-", "", .grub),
        ]
        for form in forms where path.hasPrefix(form.prefix) && path.hasSuffix(form.suffix) {
            let text = path.dropFirst(form.prefix.count).dropLast(form.suffix.count)
            if let mac = MACAddress(text) { return .script(form.kind, mac) }
        }
        return nil
    }

    /// Loaders ask for this and go on without it: that there is no such file is no event in the life of a node. They
    /// are told by their names, which the loaders' sources fix; a name that is not here was asked for because a script
    /// or an offer names it, and its absence is a mistake to be seen.
    public var isProbe: Bool {
        guard case .file(let path) = self else { return false }
        return Self.probes.contains { path.hasPrefix($0.prefix) && path.hasSuffix($0.suffix) }
    }

    private static let probes: [(prefix: String, suffix: String)] = [
        // PXELINUX: UUID, MAC, the address in hex with ever fewer digits, `default`.
        ("pxelinux.cfg/", ""),
        // GRUB: lists of its modules, which the signed image has inside, and its own ladder.
        ("grub/x86_64-efi/", ".lst"), ("grub/x86_64-efi/grub.cfg", ""), ("grub/arm64-efi/", ".lst"),
        ("grub/arm64-efi/grub.cfg", ""), ("grub/grub.cfg-", ""), ("grub.cfg-", ""),
        ("grub/locale/", ""),
        // shim: revocations and further certificates beside it.
        ("revocations", ".efi"), ("shim_certificate", ".efi"),
    ]
}
