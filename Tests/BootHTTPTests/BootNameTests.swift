import BootProtocols
import Testing

@testable import BootHTTP

@Suite struct BootNameTests {
    private static let mac = MACAddress(value: 0x5254_0012_3456)

    @Test(
        arguments: [
            ("snponly.efi", .file("snponly.efi")), ("/stage1/vmlinuz", .file("stage1/vmlinuz")),
            ("//stage1//./vmlinuz", .file("stage1/vmlinuz")), ("boot/stage1/vmlinuz", .file("stage1/vmlinuz")),
            ("script/52-54-00-12-34-56.ipxe", .script(.ipxe, mac)),
            ("boot/script/52-54-00-12-34-56.ipxe", .script(.ipxe, mac)),
            ("pxelinux.cfg/01-52-54-00-12-34-56", .script(.pxelinux, mac)),
            ("/grub/grub.cfg", .script(.grub, nil)), ("grub/grub.cfg-01-52-54-00-12-34-56", .script(.grub, mac)),
            ("grub.cfg-01-52-54-00-12-34-56", .script(.grub, mac)), ("autoexec.ipxe", .script(.autoexec, nil)),
            // One digit short, another hardware type, a path below: no machine's names.
            ("script/52-54-00-12-34-5.ipxe", .file("script/52-54-00-12-34-5.ipxe")),
            ("pxelinux.cfg/06-52-54-00-12-34-56", .file("pxelinux.cfg/06-52-54-00-12-34-56")),
            ("x/autoexec.ipxe", .file("x/autoexec.ipxe")), ("", .file("")), ("../etc/passwd", .file("../etc/passwd")),
        ] as [(String, BootName)])
    func namesMeanThings(text: String, name: BootName) {
        #expect(BootName(text) == name)
    }

    /// What the captured clients asked for in vain.
    @Test(arguments: [
        "pxelinux.cfg/0A4D0037", "pxelinux.cfg/0", "pxelinux.cfg/default", "revocations_sku.efi",
        "revocations_sbat.efi", "shim_certificate_0.efi", "/grub/x86_64-efi/command.lst",
        "/grub/x86_64-efi/terminal.lst", "/grub/x86_64-efi/grub.cfg",
        "/grub/arm64-efi/command.lst",
    ])
    func loadersProbe(text: String) {
        #expect(BootName(text).isProbe)
    }

    @Test(arguments: [
        "stage1/vmlinuz", "grubx64.efi", "ldlinux.c32", "snponly.efi", "grub/grub.cfg", "autoexec.ipxe", "mykernel",
        "pxelinux.cfg/01-52-54-00-12-34-56", "../revocations.efi/x",
    ])
    func whatWasNamedIsNoProbe(text: String) {
        #expect(!BootName(text).isProbe)
    }
}
