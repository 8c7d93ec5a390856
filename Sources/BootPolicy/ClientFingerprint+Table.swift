import BootProtocols

extension ClientFingerprint {
    /// All rows, the most particular first. To support another client, add its row, its capture and its test.
    static func rows(giving loader: BootLoader) -> [ClientFingerprint] { agentRow + ipxeRows(loader) + romRows(loader) }

    /// The rows of each setting, made once.
    static let tables = Dictionary(uniqueKeysWithValues: BootLoader.allCases.map { ($0, rows(giving: $0)) })

    private static let agentRow = [
        ClientFingerprint(kind: .agent, when: .vendorClass(prefix: agentVendorClass), offer: .address)
    ]

    private static func ipxeRows(_ loader: BootLoader) -> [ClientFingerprint] {
        let refused = ClientFingerprint(
            kind: .ipxe, when: .all([isIPXE, .architectureOutside(x86)]),
            offer: .refused("there is no stage 1 for this architecture"))
        let bios = ClientCondition.all([isIPXE, .not(.architecture(anyUEFI))])
        let uefi = ClientCondition.all([isIPXE, .architecture(anyUEFI)])
        // Where another loader is set, cards with iPXE in their ROM get it too. UEFI's HTTP boot is still given iPXE,
        // and that gets its script.
        let others: [ClientFingerprint] =
            switch loader {
            case .ipxe: []
            case .pxelinux:
                [
                    ClientFingerprint(kind: .ipxe, when: bios, offer: .loader(loader.bios))
                ]
            case .grub, .shim:
                [
                    ClientFingerprint(kind: .ipxe, when: .all([uefi, .not(.wasChained)]), offer: .loader(loader.uefi))
                ]
            }
        return [refused] + others + scriptRows + [
            ClientFingerprint(kind: .ipxe, when: uefi, offer: .loader(uefiLoader)),
            ClientFingerprint(kind: .ipxe, when: bios, offer: .loader(biosLoader)),
        ]
    }

    private static let scriptRows = [
        // iPXE is told by option 77 or 175 and never by its architecture, which is that of the firmware below
        // it: whoever goes by that hands iPXE its own loader again, without end.
        ClientFingerprint(kind: .ipxe, when: .all([isIPXE, .ipxeFeature(.http)]), offer: .scriptByHTTP),
        // The loader that we gave has no HTTP either: break the loop, TFTP can carry the script.
        ClientFingerprint(kind: .ipxe, when: .all([isIPXE, .wasChained]), offer: .scriptByTFTP),
    ]

    private static func romRows(_ loader: BootLoader) -> [ClientFingerprint] {
        [
            // A Raspberry Pi calls itself PXEClient of architecture 0 and would run a BIOS loader's bytes.
            ClientFingerprint(
                kind: .raspberryPi,
                when: .any([
                    .architecture([ClientArchitecture(rawValue: 41)]),
                    .all([.vendorClass(prefix: "PXEClient"), .vendorPrefix(raspberryPiPrefixes)]),
                ]),
                offer: .refused("there is no loader for Raspberry Pi yet")),
            ClientFingerprint(
                kind: .uBoot,
                when: .any([
                    .vendorClass(prefix: "U-Boot"),
                    .architecture(Set((21...24).map(ClientArchitecture.init(rawValue:)))),
                ]),
                offer: .refused("there is no loader for U-Boot yet")),

            ClientFingerprint(
                kind: .httpFirmware,
                when: .all([
                    .vendorClass(prefix: "HTTPClient"), .architecture([.httpX64, .httpByteCode]),
                ]),
                offer: .httpLoader(loader.uefiHTTP)),
            ClientFingerprint(
                kind: .httpFirmware, when: .vendorClass(prefix: "HTTPClient"),
                offer: .refused("there is no loader for this architecture yet")),

            // What EDK2 boots may be shim, which reads `file` and `siaddr` of the firmware's ACK and fetches its
            // siblings beside that: all shapes with a file fill both the fields and the options.
            ClientFingerprint(
                kind: .pxeFirmware, when: .all([.vendorClass(prefix: "PXEClient"), .architecture(x64UEFI)]),
                offer: .pxeLoader(loader.uefi)),
            ClientFingerprint(
                kind: .pxeFirmware, when: .all([.vendorClass(prefix: "PXEClient"), .architectureOutside([.bios])]),
                offer: .refused("there is no loader for this architecture yet")),
            ClientFingerprint(kind: .biosROM, when: .vendorClass(prefix: "PXEClient"), offer: .loader(loader.bios)),

            // GRUB's DISCOVER has option 53 alone, its REQUEST this list and no class.
            ClientFingerprint(
                kind: .grub,
                when: .any([.saysNothing, .all([.requests(grubRequests), .not(.vendorClass(prefix: ""))])]),
                offer: .nextServer),

            rest,
        ]
    }

    /// Whoever does not boot from the network: installed systems, the capsule's own DHCP client, printers.
    static let rest = ClientFingerprint(kind: .system, when: .all([]), offer: .address)

    /// What the agent sends as option 60, alone or followed by `:` and its phase.
    public static let agentVendorClass = "perseid-agent"
    /// File names of the loaders, beneath the TFTP root and the URL path `/boot/`.
    public static let biosLoader = "undionly.kpxe"
    public static let uefiLoader = "snponly.efi"

    private static let isIPXE = ClientCondition.any([.userClass("iPXE"), .userClass("gPXE"), .sendsIPXEOptions])
    private static let x64UEFI: Set<ClientArchitecture> = [.efiX64, .efiByteCode]
    private static let anyUEFI: Set<ClientArchitecture> = [.efiX64, .efiByteCode, .httpX64, .httpByteCode]
    private static let x86: Set<ClientArchitecture> = [
        .bios, .efiX64, .efiByteCode, .httpX64, .httpByteCode, .biosHTTP,
    ]
    /// Mask, router, DNS, domain, host name, root path, extensions path: `grub-core/net/bootp.c`.
    private static let grubRequests: [UInt8] = [1, 3, 6, 15, 12, 17, 18]
    /// The OUIs of the Raspberry Pi Foundation and of Raspberry Pi Trading (IEEE's register).
    private static let raspberryPiPrefixes: Set<UInt32> = [
        0xb827eb, 0xdca632, 0xe45f01, 0xd83add, 0x28cdc1, 0x2ccf67,
    ]
}
