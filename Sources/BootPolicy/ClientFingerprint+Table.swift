import BootProtocols

extension ClientFingerprint {
    /// All rows, the most particular first. To support another client, add its row, its capture, its test, and its
    /// line in `docs/clients.md`.
    static func rows(giving loader: BootLoader) -> [ClientFingerprint] {
        agentRow + ipxeRows(loader) + boardRows + httpRows(loader) + pxeRows(loader) + [
            // GRUB's DISCOVER has option 53 alone, its REQUEST this list and no class.
            ClientFingerprint(
                "GRUB", .grub,
                when: .any([.saysNothing, .all([.requests(grubRequests), .not(.vendorClass(prefix: ""))])]),
                offer: .nextServer),
            rest,
        ]
    }

    /// The rows of each setting, made once.
    static let tables = Dictionary(uniqueKeysWithValues: BootLoader.allCases.map { ($0, rows(giving: $0)) })

    private static let agentRow = [
        ClientFingerprint("agent", .agent, when: .vendorClass(prefix: agentVendorClass), offer: .address)
    ]

    /// Whoever does not boot from the network: installed systems, the capsule's own DHCP client, printers.
    static let rest = ClientFingerprint("operating system", .system, when: .all([]), offer: .address)

    /// What the agent sends as option 60, alone or followed by `:` and its phase.
    public static let agentVendorClass = "perseid-agent"
    /// File names of the loaders, beneath the TFTP root and the URL path `/boot/`.
    public static let biosLoader = "undionly.kpxe"
    public static let uefiLoader = "snponly.efi"
    /// There if the server has a stage 1 for arm64.
    public static let arm64Kernel = "stage1/arm64/vmlinuz"

    /// Mask, router, DNS, domain, host name, root path, extensions path: `grub-core/net/bootp.c`.
    private static let grubRequests: [UInt8] = [1, 3, 6, 15, 12, 17, 18]
}

// MARK: - iPXE

extension ClientFingerprint {
    /// iPXE is told by option 77 or 175 and never by its architecture, which is that of the firmware below it: whoever
    /// goes by that hands iPXE its own loader again, without end.
    private static let isIPXE = ClientCondition.any([.userClass("iPXE"), .userClass("gPXE"), .sendsIPXEOptions])
    private static let isBIOS = ClientCondition.all([isIPXE, .not(.architecture(anyX64UEFI))])
    private static let isUEFI = ClientCondition.all([isIPXE, .architecture(anyX64UEFI)])
    private static let arm64UEFI: Set<ClientArchitecture> = [.efiARM64, .httpARM64]
    private static let anyX64UEFI: Set<ClientArchitecture> = [.efiX64, .efiByteCode, .httpX64, .httpByteCode]

    private static func ipxeRows(_ loader: BootLoader) -> [ClientFingerprint] {
        let refused = ClientFingerprint(
            "iPXE without stage 1", .ipxe,
            when: .all([isIPXE, .architectureOutside(anyX64UEFI.union(arm64UEFI).union([.bios, .biosHTTP]))]),
            offer: .refused("there is no stage 1 for this architecture"))
        // No package of the server brings it, so whoever has put one there is not given another.
        let arm64 = ClientFingerprint(
            "iPXE, arm64", .ipxe, when: .all([isIPXE, .architecture(arm64UEFI)]), offer: .scriptByHTTP,
            files: [arm64Kernel])
        return [refused, arm64] + firstRows(loader) + [
            ClientFingerprint(
                "iPXE with HTTP", .ipxe, when: .all([isIPXE, .ipxeFeature(.http)]), offer: .scriptByHTTP),
            // The loader that we gave has no HTTP either: break the loop, TFTP can carry the script.
            ClientFingerprint(
                "iPXE without HTTP, chained", .ipxe, when: .all([isIPXE, .wasChained]), offer: .scriptByTFTP),
        ] + betterRows(loader)
    }

    /// What is given something before it gets its script. Where another loader is set, cards with iPXE in their ROM
    /// get it too. UEFI's HTTP boot is still given iPXE, and that gets its script.
    private static func firstRows(_ loader: BootLoader) -> [ClientFingerprint] {
        let noKernel = ClientFingerprint(
            "iPXE that starts no kernel", .ipxe,
            when: .all([isBIOS, .ipxeFeature(.http), .not(.ipxeFeature(.bzImage)), .not(.wasChained)]),
            offer: .loader(biosLoader))
        return switch loader {
        case .ipxe: [noKernel]
        case .pxelinux:
            [ClientFingerprint("iPXE before PXELINUX", .ipxe, when: isBIOS, offer: .loader(loader.bios))]
        case .grub, .shim:
            [
                noKernel,
                ClientFingerprint(
                    "iPXE before GRUB", .ipxe, when: .all([isUEFI, .not(.wasChained)]), offer: .loader(loader.uefi)),
            ]
        }
    }

    /// An iPXE that lacks HTTP gets one that has it.
    private static func betterRows(_ loader: BootLoader) -> [ClientFingerprint] {
        let uefi = ClientFingerprint("iPXE without HTTP, UEFI", .ipxe, when: isUEFI, offer: .loader(uefiLoader))
        let bios = ClientFingerprint("iPXE without HTTP, BIOS", .ipxe, when: isBIOS, offer: .loader(biosLoader))
        return switch loader {
        case .ipxe: [uefi, bios]
        case .pxelinux: [uefi]
        case .grub, .shim: [bios]
        }
    }
}
