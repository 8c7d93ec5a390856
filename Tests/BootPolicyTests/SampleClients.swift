import BootProtocols

@testable import BootPolicy

/// One client for a row of the fingerprint table: out of a capture where there is one, else made.
struct SampleClient: CustomStringConvertible, Sendable {
    /// The row's name.
    let row: String
    let loader: BootLoader
    let wasChained: Bool
    let isSetToBINL: Bool
    /// What it gets from a server that has every file.
    let offer: OfferShape
    let message: @Sendable () throws -> DHCPMessage

    var description: String { "\(row) (\(loader.rawValue))" }

    init(
        _ row: String, loader: BootLoader = .ipxe, wasChained: Bool = false, isSetToBINL: Bool = false,
        offer: OfferShape, _ message: @escaping @Sendable () throws -> DHCPMessage
    ) {
        self.row = row
        self.loader = loader
        self.wasChained = wasChained
        self.isSetToBINL = isSetToBINL
        self.offer = offer
        self.message = message
    }

    func client(having files: Set<String> = SampleClient.files) throws -> BootClient {
        let message = try message()
        let prefix = MACAddressPrefix(message.mac.description)
        let policy = FirmwarePolicy(
            loader: loader, files: files, binlClients: isSetToBINL ? [prefix].compactMap { $0 } : [])
        return BootClient(message, wasChained: wasChained, under: policy)
    }

    /// All files that rows ask for.
    static let files = Set(ClientFingerprint.tables.values.joined().flatMap(\.files))

    static func captured(_ name: String, _ number: Int) -> @Sendable () throws -> DHCPMessage {
        { try capturedClients(name)[number] }
    }

    static func made(
        _ vendorClass: String? = nil, _ architecture: UInt16? = nil, mac: UInt64 = 0x5254_0012_3456,
        _ more: @escaping @Sendable (inout DHCPOptions) -> Void = { _ in }
    ) -> @Sendable () throws -> DHCPMessage {
        {
            var message = DHCPMessage(.request, transactionID: 1, mac: MACAddress(value: mac))
            message.options.messageType = .discover
            message.options.vendorClass = vendorClass
            message.options.clientArchitectures = architecture.map { [ClientArchitecture(rawValue: $0)] } ?? []
            more(&message.options)
            return message
        }
    }

    static func ipxe(
        _ architecture: UInt16, _ features: Set<IPXEOptions.Feature>
    ) -> @Sendable () throws -> DHCPMessage {
        made("PXEClient", architecture) {
            $0[.userClass] = Array("iPXE".utf8)[...]
            var ipxe = IPXEOptions()
            ipxe.features = features
            $0.ipxe = ipxe
        }
    }
}

extension SampleClient {
    static let all = ipxeSamples + boardSamples + firmwareSamples + loaderSamples

    private static let ipxeSamples = [
        SampleClient(
            "iPXE without stage 1", offer: .refused("there is no stage 1 for this architecture"),
            ipxe(27, [.http, .efi])),
        SampleClient("iPXE, arm64", offer: .scriptByHTTP, ipxe(11, [.http, .efi])),
        SampleClient(
            "iPXE before PXELINUX", loader: .pxelinux, offer: .loader("lpxelinux.0"), captured("bios-e1000-pxelinux", 0)
        ),
        SampleClient("iPXE before GRUB", loader: .grub, offer: .loader("grubx64.efi"), ipxe(7, [.http, .efi])),
        SampleClient("iPXE before GRUB", loader: .shim, offer: .loader("shimx64.efi"), ipxe(7, [.http, .efi])),
        SampleClient("iPXE that starts no kernel", offer: .loader("undionly.kpxe"), ipxe(0, [.http])),
        SampleClient("iPXE with HTTP", offer: .scriptByHTTP, captured("bios-virtio-ipxe", 0)),
        SampleClient(
            "iPXE with HTTP", loader: .pxelinux, wasChained: true, offer: .scriptByHTTP, captured("uefi-edk2-http", 2)),
        SampleClient("iPXE without HTTP, chained", wasChained: true, offer: .scriptByTFTP, ipxe(0, [.tftp])),
        SampleClient(
            "iPXE without HTTP, chained", loader: .pxelinux, wasChained: true, offer: .scriptByTFTP, ipxe(7, [.tftp])),
        SampleClient("iPXE without HTTP, UEFI", offer: .loader("snponly.efi"), ipxe(7, [.tftp])),
        SampleClient("iPXE without HTTP, BIOS", offer: .loader("undionly.kpxe"), ipxe(0, [.tftp])),
    ]

    private static let boardSamples = [
        SampleClient(
            "Raspberry Pi 3 and older", offer: .raspberryPiMenu(entry: "Raspberry Pi Boot   "),
            made("PXEClient:Arch:00000:UNDI:002001", 0, mac: 0xb827_eb01_0203)),
        SampleClient(
            "Raspberry Pi 4 and newer", offer: .raspberryPiMenu(entry: "Raspberry Pi Boot"),
            made("PXEClient:Arch:00000:UNDI:002001", 0, mac: 0xdca6_3201_0203)),
        // An early EEPROM's REQUEST: no class. Told by its UUID, whatever the MAC.
        SampleClient(
            "Raspberry Pi 4 and newer", offer: .raspberryPiMenu(entry: "Raspberry Pi Boot"),
            made(nil, 0) {
                $0[.clientMachine] = [0] + Array("RPi4".utf8) + (1...12)
                $0.parameterRequestList = [1, 3, 43, 60, 66, 67].map(DHCPOptionCode.init(rawValue:))
            }),
        SampleClient(
            "Raspberry Pi 4 and newer", offer: .raspberryPiMenu(entry: "Raspberry Pi Boot"), made("PXEClient", 41)),
        SampleClient("U-Boot", offer: .loader("boot.scr.uimg"), captured("arm64-uboot", 0)),
        SampleClient("U-Boot", offer: .loader("boot.scr.uimg"), captured("arm64-uboot", 1)),
    ]

    private static let noLoader = OfferShape.refused("there is no loader for this architecture")

    private static let firmwareSamples = [
        SampleClient("UEFI HTTP, x64", offer: .httpLoader("snponly.efi"), captured("uefi-edk2-http", 0)),
        SampleClient("UEFI HTTP, ia32", offer: .httpLoader("snponly-ia32.efi"), made("HTTPClient", 15)),
        SampleClient("UEFI HTTP, arm32", offer: .httpLoader("snponly-arm32.efi"), made("HTTPClient", 18)),
        SampleClient("UEFI HTTP, arm64", offer: .httpLoader("snponly-arm64.efi"), captured("arm64-edk2-pxe-http", 2)),
        SampleClient("UEFI HTTP, riscv64", offer: .httpLoader("snponly-riscv64.efi"), made("HTTPClient", 28)),
        SampleClient("UEFI HTTP, loong64", offer: .httpLoader("snponly-loong64.efi"), made("HTTPClient", 40)),
        SampleClient("BIOS HTTP", offer: .httpLoader("undionly.kpxe"), made("HTTPClient:Arch:00020", 20)),
        SampleClient("HTTP boot, other", offer: noLoader, made("HTTPClient", 26)),
        SampleClient("UEFI PXE, x64", offer: .pxeLoader("snponly.efi"), captured("uefi-edk2-pxe-ipxe", 0)),
        SampleClient(
            "UEFI PXE, x64", loader: .shim, offer: .pxeLoader("shimx64.efi"), captured("uefi-secureboot-shim-grub", 0)),
        SampleClient(
            "UEFI PXE, BINL", isSetToBINL: true, offer: .binlLoader("snponly.efi"), captured("uefi-edk2-pxe-ipxe", 0)),
        SampleClient(
            "UEFI PXE, ia32", offer: .pxeLoader("snponly-ia32.efi"), made("PXEClient:Arch:00006:UNDI:003000", 6)),
        SampleClient("UEFI PXE, arm32", offer: .pxeLoader("snponly-arm32.efi"), made("PXEClient", 10)),
        SampleClient("UEFI PXE, arm64", offer: .pxeLoader("snponly-arm64.efi"), captured("arm64-edk2-pxe-http", 0)),
        SampleClient(
            "UEFI PXE, arm64", loader: .shim, offer: .pxeLoader("shimaa64.efi"), captured("arm64-edk2-pxe-http", 1)),
        SampleClient("UEFI PXE, arm64", loader: .grub, offer: .pxeLoader("grubaa64.efi"), captured("arm64-uboot", 2)),
        SampleClient("UEFI PXE, riscv64", offer: .pxeLoader("snponly-riscv64.efi"), made("PXEClient", 27)),
        SampleClient("UEFI PXE, loong64", offer: .pxeLoader("snponly-loong64.efi"), made("PXEClient", 39)),
        SampleClient("PXE, other", offer: noLoader, made("PXEClient", 14)),
        SampleClient("PXE ROM, BIOS", offer: .loader("undionly.kpxe"), made("PXEClient:Arch:00000:UNDI:002001", 0)),
        SampleClient("PXE ROM, BIOS", loader: .pxelinux, offer: .loader("lpxelinux.0"), made("PXEClient")),
    ]

    private static let loaderSamples = [
        SampleClient("agent", offer: .address, made("perseid-agent:stage1")),
        SampleClient("GRUB", offer: .nextServer, made()),
        SampleClient(
            "GRUB", offer: .nextServer,
            made { $0.parameterRequestList = [1, 3, 6, 15, 12, 17, 18].map(DHCPOptionCode.init(rawValue:)) }),
        SampleClient("operating system", offer: .address, made("udhcp 1.35.0") { $0.clientIdentifier = [1, 2, 3] }),
        // dhclient on a Raspberry Pi is no ROM.
        SampleClient(
            "operating system", offer: .address,
            made(mac: 0xdca6_3201_0203) {
                $0.parameterRequestList = [1, 28, 2, 3, 15, 6, 119, 12].map(DHCPOptionCode.init(rawValue:))
            }),
    ]
}
