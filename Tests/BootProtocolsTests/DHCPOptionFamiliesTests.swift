import BootProtocols
import Testing

@Suite("Option 77: user class")
struct UserClassTests {
    @Test(
        "counted, raw, and raw bytes that almost count",
        arguments: [
            ([4, 0x69, 0x50, 0x58, 0x45], ["iPXE"]),
            ([0x69, 0x50, 0x58, 0x45], ["iPXE"]),
            ([0x69, 0x50, 0x58, 0x45, 0], ["iPXE"]),
            ([1, 0x61, 2, 0x62, 0x63], ["a", "bc"]),
            ([1, 0x61, 9, 0x62], ["\u{1}a\u{9}b"]),
            ([], []),
        ] as [([UInt8], [String])])
    func forms(bytes: [UInt8], classes: [String]) {
        var options = DHCPOptions()
        options[.userClass] = bytes[...]
        #expect(options.userClasses == classes)
    }

    @Test("is written counted")
    func written() {
        var options = DHCPOptions()
        options.userClasses = ["a", "bc"]
        #expect(options[.userClass] == [1, 0x61, 2, 0x62, 0x63])
        options.userClasses = []
        #expect(options[.userClass] == nil)
    }
}

@Suite("Option 97: client machine")
struct ClientMachineTests {
    @Test("the first three fields are little-endian")
    func uuid() throws {
        var options = DHCPOptions()
        options[.clientMachine] = [
            0, 0x44, 0x45, 0x4c, 0x4c, 0x51, 0, 0x10, 0x36, 0x80, 0x52, 0xb4, 0xc0, 0x4f, 0x4b, 0x31, 0x32,
        ]
        let machine = try #require(options.clientMachine)
        #expect(machine.description == "4c4c4544-0051-3610-8052-b4c04f4b3132")
        #expect(!machine.isUnset)
        var written = DHCPOptions()
        written.clientMachine = machine
        #expect(written[.clientMachine] == options[.clientMachine])
    }

    @Test("another type, or another length, is no UUID")
    func others() {
        var options = DHCPOptions()
        options[.clientMachine] = [1] + [UInt8](repeating: 2, count: 16)
        #expect(options.clientMachine == nil)
        options[.clientMachine] = [UInt8](repeating: 0, count: 16)[...]
        #expect(options.clientMachine == nil)
    }
}

@Suite("Option 43: PXE")
struct PXEOptionsTests {
    @Test("the one sub-option of an offer to boot from at once")
    func bootFileAtOnce() {
        var options = DHCPOptions()
        var pxe = PXEOptions()
        pxe.discoveryControl = .bootFileAtOnce
        options.pxe = pxe
        #expect(options[.vendorSpecific] == [6, 1, 8, 255])
        #expect(options.pxe == pxe)
    }

    @Test("servers, menu, prompt and item")
    func all() throws {
        let address = try #require(IPv4Address("10.0.0.1"))
        var pxe = PXEOptions()
        pxe.discoveryControl = [.noBroadcast, .noMulticast, .onlyListedServers]
        pxe.bootServers = [.init(type: 0, addresses: [address]), .init(type: 32768, addresses: [address, .any])]
        pxe.menu = [.init(type: 0, text: "Raspberry Pi Boot   "), .init(type: 32768, text: "other")]
        pxe.prompt = .init(timeout: 3, text: "F8")
        pxe.bootItem = .init(type: 32768, layer: 1)
        var options = DHCPOptions()
        options.pxe = pxe
        #expect(options.pxe == pxe)
        #expect(options[.vendorSpecific]?.prefix(14) == [6, 1, 7, 8, 18, 0, 0, 1, 10, 0, 0, 1, 0x80, 0])
    }

    @Test("pieces that claim more than is there are left out")
    func broken() {
        var options = DHCPOptions()
        options[.vendorSpecific] = [6, 2, 1, 1, 8, 4, 0, 0, 2, 10, 9, 5, 0, 0, 9, 0x61, 0x62, 71, 2, 0, 0, 10, 9, 1]
        #expect(options.pxe == PXEOptions())
        options[.vendorSpecific] = []
        #expect(options.pxe == PXEOptions())
    }
}

@Suite("Option 175: iPXE")
struct IPXEOptionsTests {
    @Test("a server's word that no proxy will answer")
    func skipsProxyWait() {
        var ipxe = IPXEOptions()
        ipxe.skipsProxyWait = true
        var options = DHCPOptions()
        options.ipxe = ipxe
        #expect(options[.ipxe] == [176, 1, 1, 255])
        #expect(options.ipxe?.skipsProxyWait == true)
    }

    @Test("features that are off, empty, unknown or cut are not features")
    func features() {
        var options = DHCPOptions()
        options[.ipxe] = [19, 1, 0, 20, 0, 21, 1, 1, 99, 1, 1, 23, 9, 1]
        #expect(options.ipxe?.features == [.tftp])
    }

    @Test("reads back what it wrote")
    func roundTrip() {
        var ipxe = IPXEOptions()
        ipxe.features = [.http, .efi]
        ipxe.version = [1, 21, 1]
        ipxe.busIdentifier = [1, 0x1a, 0xf4, 0x10, 0]
        var options = DHCPOptions()
        options.ipxe = ipxe
        #expect(options.ipxe == ipxe)
    }
}

@Suite("Option 93: architecture")
struct ClientArchitectureTests {
    @Test(
        "names for people",
        arguments: [(0, "BIOS (arch 0)"), (7, "x64 UEFI (arch 7)"), (16, "x64 UEFI HTTP (arch 16)"), (500, "arch 500")]
            as [(UInt16, String)])
    func names(code: UInt16, text: String) {
        #expect(ClientArchitecture(rawValue: code).description == text)
    }
}
