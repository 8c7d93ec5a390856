import BootProtocols
import Testing

@testable import BootLab

@Suite struct MachineConfigurationTests {
    private func arguments(_ start: MachineConfiguration.Start) -> [String] {
        MachineConfiguration(name: "n001", start: start, mac: MACAddress(value: 0x5254_0077_0001), tap: "tap7")
            .arguments(variables: "/state/n001.vars")
    }

    private func value(_ option: String, in words: [String]) -> [String] {
        zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
    }

    @Test(arguments: Firmware.allCases) func neverAsksForHardwareVirtualisation(firmware: Firmware) {
        let words = arguments(.firmware(firmware))
        #expect(value("-accel", in: words) == ["tcg,thread=multi"])
        #expect(!words.contains { $0.contains("kvm") })
    }

    @Test func keepsTheOptionROMForBIOSOnly() {
        let card = "virtio-net-pci,netdev=net0,mac=52:54:00:77:00:01,bootindex=0"
        #expect(value("-device", in: arguments(.firmware(.bios))).contains(card))
        #expect(value("-device", in: arguments(.firmware(.uefi))).contains(card + ",romfile="))
        #expect(value("-drive", in: arguments(.firmware(.bios))).isEmpty)
    }

    @Test func hidesIPXEBehindACable() {
        let words = arguments(.firmware(.biosPXE))
        #expect(
            value("-netdev", in: words) == [
                "dgram,id=net0,local.type=inet,local.host=127.0.0.1,local.port=7702"
                    + ",remote.type=inet,remote.host=127.0.0.1,remote.port=7701"
            ])
        #expect(
            value("-netdev", in: arguments(.firmware(.bios))) == ["tap,id=net0,ifname=tap7,script=no,downscript=no"])
        #expect(value("-device", in: words) == value("-device", in: arguments(.firmware(.bios))))
    }

    @Test func givesEachUEFIMachineItsOwnVariables() {
        let drives = value("-drive", in: arguments(.firmware(.uefi)))
        #expect(drives.count == 2)
        #expect(drives.first?.contains("readonly=on") == true)
        #expect(drives.last == "if=pflash,format=raw,unit=1,file=/state/n001.vars")
    }

    @Test func enforcesSecureBoot() {
        let words = arguments(.firmware(.uefiSecureBoot))
        #expect(value("-machine", in: words) == ["q35,smm=on"])
        #expect(value("-global", in: words) == ["driver=cfi.pflash01,property=secure,value=on"])
        #expect(value("-cpu", in: words) == ["max"])
        #expect(value("-drive", in: words).first?.contains(".ms.fd") == true, "Microsoft's keys are in it")
        #expect(value("-cpu", in: arguments(.firmware(.uefi))).isEmpty)
    }

    @Test func takesAnArmMachineForItsFirmware() {
        let start = MachineConfiguration.Start.firmware(.uefiARM64)
        let machine = MachineConfiguration(name: "n001", start: start, mac: MACAddress(value: 1), tap: "tap7")
        #expect(machine.emulator.name == "qemu-system-aarch64")
        #expect(value("-machine", in: arguments(start)) == ["virt"])
        #expect(value("-cpu", in: arguments(start)) == ["cortex-a72"])
        #expect(value("-drive", in: arguments(start)).first?.contains("AAVMF_CODE") == true)
    }

    @Test func switchesPXEOffForHTTPBoot() {
        #expect(value("-fw_cfg", in: arguments(.firmware(.uefi))).isEmpty)
        #expect(
            value("-fw_cfg", in: arguments(.firmware(.uefiHTTP))) == [
                "name=opt/org.tianocore/IPv4PXESupport,string=n", "name=opt/org.tianocore/IPv6PXESupport,string=n",
            ])
    }

    @Test func whereDisksBootNoTimeIsLostOnIPv6() {
        var machine = MachineConfiguration(
            name: "n001", start: .firmware(.uefi), mac: MACAddress(value: 0x5254_0077_0001))
        machine.bootsDisks = true
        let option = "name=opt/org.tianocore/IPv6PXESupport,string=n"
        #expect(value("-fw_cfg", in: machine.arguments(variables: "/state/n001.vars")) == [option])
        machine.start = .firmware(.bios)
        #expect(value("-fw_cfg", in: machine.arguments(variables: "/state/n001.vars")).isEmpty)
    }

    @Test func givesTheFirmwareItsTrustedCertificates() {
        var machine = MachineConfiguration(
            name: "n001", start: .firmware(.uefiHTTPS), mac: MACAddress(value: 0x5254_0077_0001))
        machine.trustedCertificates = "/state/cacerts.esl"
        let values = value("-fw_cfg", in: machine.arguments(variables: "/state/n001.vars"))
        #expect(values.contains("name=etc/edk2/https/cacerts,file=/state/cacerts.esl"))
        #expect(values.contains("name=opt/org.tianocore/IPv4PXESupport,string=n"))
    }

    @Test func startsAKernelWithoutFirmware() {
        let words = arguments(.kernel(path: "/k", initramfs: "/i", commandLine: "console=ttyS0 quiet"))
        #expect(value("-kernel", in: words) == ["/k"])
        #expect(value("-initrd", in: words) == ["/i"])
        #expect(value("-append", in: words) == ["console=ttyS0 quiet"])
    }

    @Test func makesTheUUIDFromTheMAC() {
        #expect(value("-uuid", in: arguments(.firmware(.bios))) == ["50657273-6569-4430-8000-525400770001"])
    }
}
