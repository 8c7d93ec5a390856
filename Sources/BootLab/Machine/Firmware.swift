/// What a machine of the lab runs first when it is switched on. Nobody here wrote any of it.
public enum Firmware: String, CaseIterable, Hashable, Sendable {
    /// SeaBIOS with QEMU's iPXE as the network card's option ROM.
    case bios
    /// The same with an option ROM that does not say that it is iPXE: it gets its loader, `undionly.kpxe`, by TFTP.
    case biosPXE = "bios-pxe"
    /// EDK2 (OVMF) with its own PXE stack: the network card has no option ROM.
    case uefi
    /// EDK2 (OVMF) with its own HTTP boot; its PXE is switched off.
    case uefiHTTP = "uefi-http"
    /// The same by https alone: it trusts the certificates that the machine is given, and nobody else.
    case uefiHTTPS = "uefi-https"
    /// EDK2 (OVMF) with Microsoft's keys, which starts nothing that they do not vouch for: Secure Boot is enforced.
    case uefiSecureBoot = "uefi-secureboot"
    /// EDK2 (AAVMF) of a 64-bit Arm machine, with its own PXE stack.
    case uefiARM64 = "uefi-arm64"
}

extension Firmware {
    /// Whether the machine's processor is a 64-bit Arm, not an x86-64.
    public var isARM64: Bool { self == .uefiARM64 }

    /// The Debian package that has the firmware.
    var package: String {
        switch self {
        case .bios, .biosPXE: "ipxe-qemu"
        case .uefi, .uefiHTTP, .uefiHTTPS, .uefiSecureBoot: "ovmf"
        case .uefiARM64: "qemu-efi-aarch64"
        }
    }

    /// Code and a variable store as it leaves the factory, where the firmware is flash that QEMU does not choose by itself.
    var flash: (code: String, variables: String)? {
        switch self {
        case .bios, .biosPXE: nil
        case .uefi, .uefiHTTP, .uefiHTTPS: ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")
        case .uefiSecureBoot: ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
        case .uefiARM64: ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd")
        }
    }

    /// SeaBIOS finds less to set up on the old board; EDK2 has no driver for flash variables there that Debian ships.
    var board: String {
        switch self {
        // Without graphics SeaBIOS, and with it the option ROM, writes to the serial console.
        case .bios, .biosPXE: "pc,graphics=off"
        case .uefi, .uefiHTTP, .uefiHTTPS: "q35"
        // System management mode is what keeps an operating system out of the variables.
        case .uefiSecureBoot: "q35,smm=on"
        case .uefiARM64: "virt"
        }
    }

    /// Whether only system management mode may write the variables, and the processor is one that can do that.
    var protectsVariables: Bool { self == .uefiSecureBoot }

    /// Its own HTTP boot is all that it does over the network.
    var bootsByHTTPAlone: Bool { self == .uefiHTTP || self == .uefiHTTPS }

    /// QEMU's iPXE in the network card's option ROM, or none.
    var hasOptionROM: Bool { self == .bios || self == .biosPXE }
}
