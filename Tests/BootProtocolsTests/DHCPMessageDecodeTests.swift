import BootProtocols
import PacketCapture
import Testing

@Suite("DHCPMessage: decoding")
struct DHCPMessageDecodeTests {
    @Test("SeaBIOS with iPXE's option ROM on e1000")
    func biosROM() throws {
        let messages = try CaptureFixtures.payloads("bios-e1000-pxelinux", to: 67).map(DHCPMessage.init(decoding:))
        #expect(messages.map(\.options.messageType) == [.discover, .discover, .request])
        let discover = try #require(messages.first)
        #expect(discover.operation == .request)
        #expect(discover.transactionID == 0x9c7c_0162)
        #expect(discover.secs == 4)
        #expect(!discover.wantsBroadcast)
        #expect(discover.mac.description == "52:54:00:00:01:01")
        #expect(discover.clientAddress == .any)
        #expect(discover.options.maximumMessageSize == 1472)
        #expect(discover.options.clientArchitectures == [.bios])
        #expect(discover.options.clientNetworkInterface == ClientNetworkInterface(type: 1, major: 2, minor: 1))
        #expect(discover.options.vendorClass == "PXEClient:Arch:00000:UNDI:002001")
        #expect(discover.options.userClasses == ["iPXE"])
        #expect(discover.options.parameterRequestList?.count == 23)
        #expect(discover.options.requests(.bootFileName))
        #expect(!discover.options.requests(.broadcastAddress))
        #expect(discover.options.clientIdentifier == [1, 0x52, 0x54, 0, 0, 1, 1])
        #expect(discover.options.clientMachine?.isUnset == true)
        let ipxe = try #require(discover.options.ipxe)
        #expect(ipxe.version == [1, 0, 0])
        #expect(
            ipxe.features == [
                .pxeExtensions, .iscsi, .aoe, .http, .tftp, .dns, .bzImage, .multiboot, .pxe, .elf, .menu, .nfs,
            ])
        #expect(ipxe.busIdentifier == [1, 0x80, 0x86, 0x10, 0x0e])
        #expect(!ipxe.skipsProxyWait)
        let request = try #require(messages.last)
        #expect(request.options.serverIdentifier?.description == "10.77.0.1")
        #expect(request.options.requestedAddress?.description == "10.77.0.55")
    }

    @Test("OVMF's PXE stack, and the iPXE that it chained")
    func uefiPXE() throws {
        let messages = try CaptureFixtures.payloads("uefi-edk2-pxe-ipxe", to: 67).map(DHCPMessage.init(decoding:))
        #expect(messages.map(\.options.messageType) == [.discover, .request, .discover, .discover, .request])
        let firmware = try #require(messages.first)
        #expect(firmware.wantsBroadcast)
        #expect(firmware.options.clientArchitectures == [.efiX64])
        #expect(firmware.options.vendorClass == "PXEClient:Arch:00007:UNDI:003000")
        #expect(firmware.options.ipxe == nil)
        #expect(firmware.options.userClasses.isEmpty)
        #expect(firmware.options.clientIdentifier == nil)
        #expect(firmware.options.payloadLimit == 1444)
        // EDK2's REQUEST has the bytes of 255 swapped here.
        #expect(messages[1].options.maximumMessageSize == 65280)
        #expect(messages[1].options.payloadLimit == 1444)
        let loader = messages[2]
        #expect(!loader.wantsBroadcast)
        #expect(loader.transactionID != firmware.transactionID)
        #expect(loader.options.userClasses == ["iPXE"])
        #expect(loader.options.ipxe?.features == [.iscsi, .aoe, .http, .tftp, .dns, .srp, .efi, .menu, .nfs])
    }

    @Test("OVMF's HTTP boot, and dnsmasq's answer to it")
    func uefiHTTP() throws {
        let discover = try DHCPMessage(decoding: try #require(CaptureFixtures.payloads("uefi-edk2-http", to: 67).first))
        #expect(discover.options.clientArchitectures == [.httpX64])
        #expect(discover.options.vendorClass == "HTTPClient:Arch:00016:UNDI:003000")
        let offer = try DHCPMessage(decoding: try #require(CaptureFixtures.payloads("uefi-edk2-http", to: 68).first))
        #expect(offer.operation == .reply)
        #expect(offer.options.messageType == .offer)
        #expect(offer.yourAddress.description == "10.77.0.58")
        #expect(offer.nextServer.description == "10.77.0.1")
        #expect(offer.options.bootFileName == "http://10.77.0.1/ipxe.efi")
        #expect(offer.options.vendorClass == "HTTPClient")
        #expect(offer.options.leaseTime == 3600)
        #expect(offer.options.renewalTime == 1800)
        #expect(offer.options.rebindingTime == 3150)
        #expect(offer.options.subnetMask?.description == "255.255.255.0")
        #expect(offer.options.broadcastAddress?.description == "10.77.0.255")
        #expect(offer.options.routers.map(\.description) == ["10.77.0.1"])
        #expect(offer.options.domainNameServers.isEmpty)
    }

    @Test("every DHCP packet that was captured whole decodes")
    func all() throws {
        let messages = try CaptureFixtures.allDHCPPayloads().map(DHCPMessage.init(decoding:))
        #expect(messages.count == 36)
        #expect(messages.allSatisfy { $0.options.messageType != nil })
    }

    @Test("a packet whose capture was cut is refused with the counts")
    func cut() throws {
        let frame = try #require(CaptureFixtures.frames("uefi-edk2-tftp-lockstep").first)
        #expect(frame.bytes.count == 120)
        #expect(frame.originalLength == 389)
        #expect(throws: FrameError.truncated(layer: "IPv4", needed: 375, available: 106)) {
            try UDPFrame(decoding: frame.bytes)
        }
        #expect(throws: DHCPError.tooShort(byteCount: 78)) {
            try DHCPMessage(decoding: Array(frame.bytes.dropFirst(42)))
        }
    }
}

@Suite("DHCPMessage: what is refused")
struct DHCPMessageRefusalTests {
    private let good: [UInt8]

    init() throws {
        var message = DHCPMessage(.request, transactionID: 1, mac: MACAddress(value: 0x5254_0012_3456))
        message.options.messageType = .discover
        good = try message.encoded()
    }

    private func changed(_ index: Int, to value: UInt8) -> [UInt8] {
        var bytes = good
        bytes[index] = value
        return bytes
    }

    @Test("each reason has its error")
    func reasons() throws {
        #expect(throws: DHCPError.tooShort(byteCount: 239)) { try DHCPMessage(decoding: Array(good.prefix(239))) }
        #expect(throws: DHCPError.tooLong(byteCount: 4097)) {
            try DHCPMessage(decoding: good + [UInt8](repeating: 0, count: 4097 - good.count))
        }
        #expect(throws: DHCPError.unknownOperation(3)) { try DHCPMessage(decoding: changed(0, to: 3)) }
        #expect(throws: DHCPError.notEthernet(hardwareType: 32, addressLength: 6)) {
            try DHCPMessage(decoding: changed(1, to: 32))
        }
        #expect(throws: DHCPError.notEthernet(hardwareType: 1, addressLength: 16)) {
            try DHCPMessage(decoding: changed(2, to: 16))
        }
        #expect(throws: DHCPError.noMagicCookie) { try DHCPMessage(decoding: changed(236, to: 0)) }
        #expect(throws: DHCPError.optionOverrun(code: .messageType, declared: 200, available: 58)) {
            try DHCPMessage(decoding: changed(241, to: 200))
        }
    }

    @Test("a missing END is forgiven, an option without its length is not")
    func missingEnd() throws {
        #expect(try DHCPMessage(decoding: Array(good.prefix(243))).options.messageType == .discover)
        #expect(throws: DHCPError.optionOverrun(code: .messageType, declared: 1, available: 0)) {
            try DHCPMessage(decoding: Array(good.prefix(241)))
        }
    }
}
