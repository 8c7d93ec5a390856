import BootProtocols
import Testing

@testable import BootPolicy

/// A client as its options make it.
private func client(
    mac: String = "52:54:00:12:34:56", _ options: (inout DHCPOptions) -> Void, wasChained: Bool = false
) throws -> BootClient {
    var message = DHCPMessage(.request, transactionID: 1, mac: try #require(MACAddress(mac)))
    message.options.messageType = .discover
    options(&message.options)
    return BootClient(ClientTraits(message, wasChained: wasChained))
}

@Suite("ClientFingerprint: captured clients")
struct CapturedFingerprintTests {
    @Test("SeaBIOS's iPXE ROM gets its script", arguments: ["bios-e1000-pxelinux", "bios-virtio-ipxe"])
    func biosROM(name: String) throws {
        let clients = try capturedClients(name).map { BootClient(ClientTraits($0)) }
        #expect(clients.count == 3)
        for client in clients {
            #expect(client.kind == .ipxe)
            #expect(client.offer == .scriptByHTTP)
            #expect(client.phase == .firmware)
            #expect(client.description == "iPXE 1.0.0 in BIOS (arch 0), ROM")
        }
    }

    @Test("OVMF's PXE stack gets a loader that it boots at once")
    func uefiPXE() throws {
        for name in ["uefi-edk2-pxe-ipxe", "uefi-secureboot-shim-grub"] {
            for message in try capturedClients(name).prefix(2) {
                let client = BootClient(ClientTraits(message))
                #expect(client.kind == .pxeFirmware)
                #expect(client.offer == .pxeLoader("snponly.efi"))
                #expect(client.phase == .firmware)
                #expect(client.description == "PXE firmware in x64 UEFI (arch 7)")
            }
        }
    }

    @Test("OVMF's HTTP boot gets a URL")
    func uefiHTTP() throws {
        for message in try capturedClients("uefi-edk2-http").prefix(2) {
            let client = BootClient(ClientTraits(message))
            #expect(client.kind == .httpFirmware)
            #expect(client.offer == .httpLoader("snponly.efi"))
            #expect(client.phase == .firmware)
            #expect(client.description == "HTTP boot firmware in x64 UEFI HTTP (arch 16)")
        }
    }

    @Test("the iPXE that either of them chained gets its script", arguments: ["uefi-edk2-http", "uefi-edk2-pxe-ipxe"])
    func chained(name: String) throws {
        let messages = try capturedClients(name).dropFirst(2)
        #expect(messages.count == 3)
        for message in messages {
            let client = BootClient(ClientTraits(message, wasChained: true))
            #expect(client.kind == .ipxe)
            #expect(client.offer == .scriptByHTTP)
            #expect(client.phase == .loader)
            #expect(client.description == "iPXE 1.0.0 in x64 UEFI (arch 7), chained")
        }
    }
}

@Suite("ClientFingerprint: clients without a capture")
struct MadeFingerprintTests {
    @Test(
        "iPXE without HTTP is chained to one that has it, and gets its script by TFTP once it was",
        arguments: [(.bios, "undionly.kpxe"), (.efiX64, "snponly.efi"), (.efiByteCode, "snponly.efi")]
            as [(ClientArchitecture, String)])
    func ipxeWithoutHTTP(architecture: ClientArchitecture, loader: String) throws {
        let fill = { (options: inout DHCPOptions) in
            options.clientArchitectures = [architecture]
            options.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
            options[.userClass] = Array("iPXE".utf8)[...]
        }
        let rom = try client(fill)
        #expect(rom.kind == .ipxe && rom.phase == .firmware && rom.isGivenLoader)
        #expect(rom.offer == .loader(loader))
        let chained = try client(fill, wasChained: true)
        #expect(chained.kind == .ipxe && chained.phase == .loader && !chained.isGivenLoader)
        #expect(chained.offer == .scriptByTFTP)
    }

    @Test("option 175 alone tells iPXE, whatever option 77 says")
    func byOption175() throws {
        let client = try client {
            $0.userClasses = ["site"]
            $0.ipxe = {
                var ipxe = IPXEOptions()
                ipxe.features = [.http, .bzImage]
                return ipxe
            }()
        }
        #expect(client.offer == .scriptByHTTP)
        #expect(client.description == "iPXE, ROM")
    }

    @Test(
        "a BIOS ROM that is not iPXE gets undionly.kpxe, with option 93, with the number in 60 alone, and without both")
    func biosROM() throws {
        let options: [(inout DHCPOptions) -> Void] = [
            {
                $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
                $0.clientArchitectures = [.bios]
            },
            { $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001" },
            { $0.vendorClass = "PXEClient" },
        ]
        for fill in options {
            let client = try client(fill)
            #expect(client.kind == .biosROM && client.phase == .firmware)
            #expect(client.offer == .loader("undionly.kpxe"))
        }
    }

    @Test("firmware that calls itself 9 is x64 too")
    func byteCode() throws {
        let client = try client {
            $0.vendorClass = "PXEClient:Arch:00009:UNDI:003016"
            $0.clientArchitectures = [.efiByteCode]
        }
        #expect(client.offer == .pxeLoader("snponly.efi"))
    }

    @Test(
        "machines that there is no loader for are refused, with the reason",
        arguments: [
            ("PXEClient:Arch:00011:UNDI:003000", 11, .pxeFirmware),
            ("PXEClient:Arch:00006:UNDI:003000", 6, .pxeFirmware),
            ("PXEClient", 27, .pxeFirmware), ("HTTPClient:Arch:00019:UNDI:003000", 19, .httpFirmware),
            ("HTTPClient:Arch:00015:UNDI:003000", 15, .httpFirmware), ("U-Boot.armv8", 22, .uBoot),
            ("U-Boot.armv7", nil, .uBoot), ("PXEClient:Arch:00041:UNDI:002001", 41, .raspberryPi),
        ] as [(String, UInt16?, ClientFingerprint.Kind)])
    func refused(vendorClass: String, architecture: UInt16?, kind: ClientFingerprint.Kind) throws {
        let client = try client {
            $0.vendorClass = vendorClass
            $0.clientArchitectures = architecture.map { [ClientArchitecture(rawValue: $0)] } ?? []
        }
        #expect(client.kind == kind)
        #expect(client.phase == .firmware)
        guard case .refused(let reason) = client.offer else {
            Issue.record("offered \(client.offer)")
            return
        }
        #expect(reason.contains("no loader"))
    }

    @Test("an iPXE on arm64 is refused while there is no stage 1 for it")
    func ipxeARM64() throws {
        let client = try client {
            $0.clientArchitectures = [.efiARM64]
            $0.userClasses = ["iPXE"]
            $0.ipxe = {
                var ipxe = IPXEOptions()
                ipxe.features = [.http, .bzImage]
                return ipxe
            }()
        }
        guard case .refused(let reason) = client.offer else {
            Issue.record("offered \(client.offer)")
            return
        }
        #expect(reason.contains("stage1 build --architecture arm64"))
    }

    @Test("a Raspberry Pi is told by its MAC: it claims to be a BIOS")
    func raspberryPi() throws {
        let fill = { (options: inout DHCPOptions) in
            options.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
            options.clientArchitectures = [.bios]
        }
        #expect(try client(mac: "dc:a6:32:01:02:03", fill).kind == .raspberryPi)
        #expect(try client(mac: "52:54:00:01:02:03", fill).kind == .biosROM)
    }

    @Test("GRUB gets a server and no file, and so does its bare DISCOVER")
    func grub() throws {
        let request = try client {
            $0.parameterRequestList = [1, 3, 6, 15, 12, 17, 18].map(DHCPOptionCode.init(rawValue:))
        }
        #expect(request.kind == .grub && request.phase == .loader)
        #expect(request.offer == .nextServer)
        #expect(try client { _ in }.kind == .grub)
    }

    @Test("the agent is told by option 60, with its phase or without")
    func agent() throws {
        let agent = try client {
            $0.vendorClass = "perseid-agent:stage1"
            $0.clientArchitectures = [.efiARM64]
        }
        #expect(agent.kind == .agent && agent.phase == .agent)
        #expect(agent.offer == .address)
        #expect(agent.description == "agent:stage1 in arm64 UEFI (arch 11)")
        #expect(try client { $0.vendorClass = "perseid-agent" }.description == "agent")
    }

    @Test("everyone else gets an address", arguments: ["udhcp 1.35.0", "MSFT 5.0", nil] as [String?])
    func system(vendorClass: String?) throws {
        let client = try client {
            $0.vendorClass = vendorClass
            $0.parameterRequestList = [.subnetMask, .router]
            $0.clientIdentifier = [1, 2, 3]
        }
        #expect(client.kind == .system && client.phase == .system)
        #expect(client.offer == .address)
        #expect(client.description == (vendorClass.map { "DHCP client " + $0 } ?? "DHCP client"))
    }

    @Test("a machine's UUID is named where it has one")
    func uuid() throws {
        let client = try client {
            $0.vendorClass = "PXEClient"
            $0[.clientMachine] = [0] + (1...16)
        }
        #expect(client.description == "PXE ROM, UUID 04030201-0605-0807-090a-0b0c0d0e0f10")
    }

    @Test("every kind has a row, and the last row takes all", arguments: BootLoader.allCases)
    func complete(loader: BootLoader) throws {
        let table = try #require(ClientFingerprint.tables[loader])
        #expect(Set(table.map(\.kind)) == Set(ClientFingerprint.Kind.allCases))
        #expect(table.last?.when == .all([]))
    }
}

@Suite("ClientFingerprint: the loader that the server is set to give")
struct LoaderFingerprintTests {
    @Test(
        "a captured ROM gets the loader that suits it",
        arguments: [
            ("bios-virtio-ipxe", .ipxe, .scriptByHTTP), ("bios-virtio-ipxe", .pxelinux, .loader("lpxelinux.0")),
            ("bios-virtio-ipxe", .grub, .scriptByHTTP), ("bios-virtio-ipxe", .shim, .scriptByHTTP),
            ("uefi-secureboot-shim-grub", .ipxe, .pxeLoader("snponly.efi")),
            ("uefi-secureboot-shim-grub", .pxelinux, .pxeLoader("snponly.efi")),
            ("uefi-secureboot-shim-grub", .grub, .pxeLoader("grubx64.efi")),
            ("uefi-secureboot-shim-grub", .shim, .pxeLoader("shimx64.efi")),
            ("uefi-edk2-http", .shim, .httpLoader("snponly.efi")),
        ] as [(String, BootLoader, OfferShape)])
    func firmware(capture: String, loader: BootLoader, offer: OfferShape) throws {
        let first = try #require(try capturedClients(capture).first)
        #expect(BootClient(ClientTraits(first), under: FirmwarePolicy(loader: loader)).offer == offer)
    }

    @Test("an iPXE that UEFI was given gets its script whatever the setting", arguments: BootLoader.allCases)
    func chained(loader: BootLoader) throws {
        let message = try #require(try capturedClients("uefi-edk2-http").last)
        #expect(
            BootClient(ClientTraits(message, wasChained: true), under: FirmwarePolicy(loader: loader)).offer
                == .scriptByHTTP)
    }
}
