import BootProtocols

/// Firmware of PCs and servers: PXE and UEFI's HTTP boot.
extension ClientFingerprint {
    /// An architecture of UEFI that no package of the server brings a loader for.
    private struct Platform {
        let name: String
        let pxe: ClientArchitecture
        let http: ClientArchitecture
        /// As `shimaa64.efi` has it (UEFI 2.10, 3.5.1.1).
        let suffix: String

        /// By preference; the setting comes first.
        func loaders(_ setting: BootLoader) -> [String] {
            let ipxe = "snponly-\(name).efi"
            let grub = "grub\(suffix).efi"
            return switch setting {
            case .ipxe, .pxelinux: [ipxe, grub]
            case .grub: [grub, ipxe]
            case .shim: ["shim\(suffix).efi", grub, ipxe]
            }
        }
    }

    private static let platforms = [
        Platform(name: "ia32", pxe: .efiIA32, http: .httpIA32, suffix: "ia32"),
        Platform(name: "arm32", pxe: .efiARM32, http: .httpARM32, suffix: "arm"),
        Platform(name: "arm64", pxe: .efiARM64, http: .httpARM64, suffix: "aa64"),
        Platform(name: "riscv64", pxe: .efiRISCV64, http: .httpRISCV64, suffix: "riscv64"),
        Platform(name: "loong64", pxe: .efiLoongArch64, http: .httpLoongArch64, suffix: "loongarch64"),
    ]

    private static func isPXE(_ architectures: Set<ClientArchitecture>) -> ClientCondition {
        .all([.vendorClass(prefix: "PXEClient"), .architecture(architectures)])
    }

    private static func isHTTP(_ architectures: Set<ClientArchitecture>) -> ClientCondition {
        .all([.vendorClass(prefix: "HTTPClient"), .architecture(architectures)])
    }

    static func httpRows(_ loader: BootLoader) -> [ClientFingerprint] {
        [
            ClientFingerprint(
                "UEFI HTTP, x64", .httpFirmware, when: isHTTP([.httpX64, .httpByteCode]),
                offer: .httpLoader(loader.uefiHTTP)),
            ClientFingerprint(
                "BIOS HTTP", .httpFirmware, when: isHTTP([.biosHTTP]), offer: .httpLoader(biosLoader)),
        ]
            + platforms.map { platform in
                // GRUB knows no port in a URL: iPXE first, whatever is set.
                ClientFingerprint(
                    "UEFI HTTP, \(platform.name)", .httpFirmware, when: isHTTP([platform.http]),
                    offer: .httpLoader(""), files: platform.loaders(.ipxe))
            } + [
                ClientFingerprint(
                    "HTTP boot, other", .httpFirmware, when: .vendorClass(prefix: "HTTPClient"),
                    offer: .refused("there is no loader for this architecture"))
            ]
    }

    /// What EDK2 boots may be shim, which reads `file` and `siaddr` of the firmware's ACK and fetches its siblings
    /// beside that: all shapes with a file fill both the fields and the options.
    static func pxeRows(_ loader: BootLoader) -> [ClientFingerprint] {
        let x64: Set<ClientArchitecture> = [.efiX64, .efiByteCode]
        return [
            ClientFingerprint(
                "UEFI PXE, BINL", .pxeFirmware, when: .all([isPXE(x64), .isSetToBINL]),
                offer: .binlLoader(loader.uefi)),
            ClientFingerprint("UEFI PXE, x64", .pxeFirmware, when: isPXE(x64), offer: .pxeLoader(loader.uefi)),
        ]
            + platforms.map { platform in
                ClientFingerprint(
                    "UEFI PXE, \(platform.name)", .pxeFirmware, when: isPXE([platform.pxe]), offer: .pxeLoader(""),
                    files: platform.loaders(loader))
            } + [
                ClientFingerprint(
                    "PXE, other", .pxeFirmware,
                    when: .all([.vendorClass(prefix: "PXEClient"), .architectureOutside([.bios])]),
                    offer: .refused("there is no loader for this architecture")),
                ClientFingerprint(
                    "PXE ROM, BIOS", .biosROM, when: .vendorClass(prefix: "PXEClient"), offer: .loader(loader.bios)),
            ]
    }
}
