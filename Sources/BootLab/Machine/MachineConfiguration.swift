public import BootProtocols

/// A virtual machine as it is bought: what is in it and what it does when switched on.
public struct MachineConfiguration: Hashable, Sendable {
    /// What starts when the power comes on.
    public enum Start: Hashable, Sendable {
        /// The firmware, which boots from the network.
        case firmware(Firmware)
        /// A kernel that QEMU itself puts in memory: the baseline without any network boot.
        case kernel(path: String, initramfs: String, commandLine: String)
    }

    /// What the machine's disks are plugged into.
    public enum DiskKind: String, CaseIterable, Hashable, Sendable {
        case virtio, nvme, scsi

        var device: String {
            switch self {
            case .virtio: "virtio-blk-pci"
            case .nvme: "nvme"
            case .scsi: "scsi-hd,bus=scsi0.0"
            }
        }
    }

    /// In file names and errors: `n001`.
    public var name: String
    public var start: Start
    public var mac: MACAddress
    /// The interface of the host that the network card is plugged into, at most 15 bytes.
    public var tap: String
    public var memoryMiB: Int
    public var cpus: Int
    /// Raw images of disks, in the order of their names: vda, vdb. They are written.
    public var disks: [String]
    public var diskKind = DiskKind.virtio
    /// Whether the firmware may go on to the disks when the network does not boot it.
    public var bootsDisks = false
    /// The firmware's variables stay from one power-on to the next.
    public var keepsVariables = false
    /// File with the certificates that the firmware's https trusts, as `SignatureList` has it; nil: none.
    public var trustedCertificates: String?

    public init(
        name: String, start: Start, mac: MACAddress, tap: String = "tap0", memoryMiB: Int = 2048, cpus: Int = 2,
        disks: [String] = []
    ) {
        self.name = name
        self.start = start
        self.mac = mac
        self.tap = tap
        self.memoryMiB = memoryMiB
        self.cpus = cpus
        self.disks = disks
    }

    /// The machine's UUID as SMBIOS and PXE option 97 show it: made from the MAC, so that it stays.
    public var uuid: String { "50657273-6569-4430-8000-\(mac.joined(by: ""))" }
}

extension MachineConfiguration {
    /// QEMU for the machine's processor, and the Debian package that has it.
    var emulator: (name: String, package: String) {
        if case .firmware(let firmware) = start, firmware.isARM64 { return ("qemu-system-aarch64", "qemu-system-arm") }
        return ("qemu-system-x86_64", "qemu-system-x86")
    }

    /// QEMU's arguments. `variables` is the machine's own copy of the firmware's variable store.
    ///
    /// Always software emulation: a guest hangs at its first instructions where the host's /dev/kvm opens but does not
    /// work, and that cannot be told beforehand.
    func arguments(variables: String) -> [String] {
        var words = ["-nodefaults", "-no-user-config", "-accel", "tcg,thread=multi", "-display", "none"]
        words += ["-serial", "stdio", "-name", name, "-uuid", uuid, "-m", "\(memoryMiB)", "-smp", "\(cpus)"]
        // EDK2 and the kernel wait for entropy without it: 2 s of a UEFI boot.
        words += ["-device", "virtio-rng-pci"]
        words += ["-netdev", cable]
        if diskKind == .scsi, !disks.isEmpty { words += ["-device", "virtio-scsi-pci,id=scsi0"] }
        for (number, path) in disks.enumerated() {
            words += ["-drive", "if=none,format=raw,id=disk\(number),file=\(path)"]
            words += [
                "-device", "\(diskKind.device),drive=disk\(number),serial=disk\(number)\(bootIndex(ofDisk: number))",
            ]
        }
        switch start {
        case .firmware(let firmware):
            // First in the boot order, or SeaBIOS tries the disk that is not there.
            words += ["-machine", firmware.board]
            words += ["-device", card + ",bootindex=0" + (firmware.hasOptionROM ? "" : ",romfile=")]
            words += firmwareArguments(firmware, variables: variables)
        case .kernel(let path, let initramfs, let commandLine):
            words += ["-machine", "q35", "-device", card + ",romfile="]
            words += ["-kernel", path, "-initrd", initramfs, "-append", commandLine]
        }
        return words
    }

    private func bootIndex(ofDisk number: Int) -> String { bootsDisks ? ",bootindex=\(number + 1)" : "" }

    /// Whether a `PlainROMCable` joins machine and tap.
    var hidesIPXE: Bool { start == .firmware(.biosPXE) }

    private var cable: String {
        guard hidesIPXE else { return "tap,id=net0,ifname=\(tap),script=no,downscript=no" }
        let ends = ["local": PlainROMCable.machinePort, "remote": PlainROMCable.labPort].sorted { $0.key < $1.key }
        return "dgram,id=net0"
            + ends.map { ",\($0.key).type=inet,\($0.key).host=127.0.0.1,\($0.key).port=\($0.value)" }.joined()
    }

    private var card: String { "virtio-net-pci,netdev=net0,mac=\(mac)" }

    private func firmwareArguments(_ firmware: Firmware, variables: String) -> [String] {
        var words: [String] = []
        if let flash = firmware.flash {
            words += ["-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(flash.code)"]
            words += ["-drive", "if=pflash,format=raw,unit=1,file=\(variables)"]
        }
        // The board's own choice is a 32-bit one.
        if firmware.isARM64 { words += ["-cpu", "cortex-a72"] }
        if firmware.protectsVariables {
            words += ["-global", "driver=cfi.pflash01,property=secure,value=on", "-cpu", "max"]
        }
        if let trustedCertificates {
            words += ["-fw_cfg", "name=etc/edk2/https/cacerts,file=\(trustedCertificates)"]
        }
        var withoutPXE = firmware.bootsByHTTPAlone ? ["IPv4PXESupport", "IPv6PXESupport"] : []
        // QEMU's order has all of a card's ways before the disk, whatever order the machine's variables have: a node that
        // is sent to its disk would wait for a minute for a DHCPv6 server first.
        if bootsDisks, firmware.flash != nil, withoutPXE.isEmpty { withoutPXE = ["IPv6PXESupport"] }
        for option in withoutPXE { words += ["-fw_cfg", "name=opt/org.tianocore/\(option),string=n"] }
        return words
    }
}
