import Testing

@testable import BootLab

@Suite struct DnsmasqContenderTests {
    private let payload = BootPayload(kernel: "/k", initramfs: "/i", commandLine: "console=ttyS0")

    @Test func rendersTheScriptOfTheSameKernel() {
        #expect(
            DnsmasqContender(payload).script(.standard) == """
                #!ipxe
                kernel http://10.77.0.1:8987/kernel initrd=initramfs console=ttyS0
                initrd --name initramfs http://10.77.0.1:8987/initramfs
                boot

                """)
    }

    @Test func savesThePingOnlyWhereTuned() throws {
        let directory = try LabDirectory(creating: TemporaryDirectory().path)
        let plain = DnsmasqContender(payload).arguments(.standard, directory, directory)
        let tuned = DnsmasqContender(payload, isTuned: true).arguments(.standard, directory, directory)
        #expect(plain.contains("--dhcp-range=10.77.0.100,10.77.0.200"))
        #expect(!plain.contains("--no-ping"))
        #expect(Set(tuned).subtracting(plain) == ["--no-ping", "--dhcp-option=encap:175,176,1b"])
    }
}
