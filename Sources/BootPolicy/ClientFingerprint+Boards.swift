import BootProtocols

/// Boards that boot by ways of their own.
extension ClientFingerprint {
    static let boardRows = [
        // A Raspberry Pi calls itself PXEClient of architecture 0 and would run a BIOS loader's bytes.
        ClientFingerprint(
            "Raspberry Pi 3 and older", .raspberryPi, when: .all([isRaspberryPi, .vendorPrefix([0xb827eb])]),
            // Its ROM compares the entry with its trailing spaces.
            offer: .raspberryPiMenu(entry: "Raspberry Pi Boot   "), files: ["bootcode.bin"]),
        ClientFingerprint(
            "Raspberry Pi 4 and newer", .raspberryPi, when: isRaspberryPi,
            offer: .raspberryPiMenu(entry: "Raspberry Pi Boot"), files: ["start4.elf", "config.txt", "boot.img"]),
        // `boot.scr.uimg` is what its distribution boot asks for by itself; UEFI's loaders it asks for as UEFI PXE.
        ClientFingerprint(
            "U-Boot", .uBoot,
            when: .any([.vendorClass(prefix: "U-Boot"), .architecture(uBootArchitectures)]),
            offer: .loader(""), files: ["boot.scr.uimg"]),
    ]

    private static let uBootArchitectures = Set((21...24).map(ClientArchitecture.init(rawValue:)))

    /// By architecture 41, by a UUID that begins with `RPi`, or by its maker: newer ROMs have the first two, old
    /// ones leave option 60 out of the REQUEST too. UEFI or U-Boot on a Pi is none of these.
    private static let isRaspberryPi = ClientCondition.all([
        .not(.architectureOutside([.bios, .raspberryPi])),
        .any([
            .architecture([.raspberryPi]),
            .all([isOfRaspberryPi, .vendorClass(prefix: "PXEClient")]),
            .all([isOfRaspberryPi, .not(.vendorClass(prefix: "")), .requestsAny(of: [43, 66, 67])]),
        ]),
    ])

    private static let isOfRaspberryPi = ClientCondition.any([
        .vendorPrefix(raspberryPiPrefixes), .machine(prefix: Array("RPi".utf8)),
    ])

    /// The OUIs of the Raspberry Pi Foundation and of Raspberry Pi Trading (IEEE's register).
    private static let raspberryPiPrefixes: Set<UInt32> = [
        0xb827eb, 0xdca632, 0xe45f01, 0xd83add, 0x28cdc1, 0x2ccf67,
    ]
}
