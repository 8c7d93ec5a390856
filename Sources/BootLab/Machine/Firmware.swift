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
}

extension Firmware {
    /// The Debian package that has the firmware.
    var package: String {
        switch self {
        case .bios, .biosPXE: "ipxe-qemu"
        case .uefi, .uefiHTTP: "ovmf"
        }
    }

    /// Code and an empty variable store, where the firmware is flash that QEMU does not choose by itself.
    var flash: (code: String, variables: String)? {
        switch self {
        case .bios, .biosPXE: nil
        case .uefi, .uefiHTTP: ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")
        }
    }

    /// SeaBIOS finds less to set up on the old board; EDK2 has no driver for flash variables there that Debian ships.
    var board: String {
        switch self {
        // Without graphics SeaBIOS, and with it the option ROM, writes to the serial console.
        case .bios, .biosPXE: "pc,graphics=off"
        case .uefi, .uefiHTTP: "q35"
        }
    }

    /// QEMU's iPXE in the network card's option ROM, or none.
    var hasOptionROM: Bool { self == .bios || self == .biosPXE }
}
