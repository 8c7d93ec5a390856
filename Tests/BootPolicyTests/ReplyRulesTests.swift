import BootProtocols
import Testing

@testable import BootPolicy

/// The rules that hold for all replies, whatever the row: `docs/clients.md`, "Rules of all replies".
@Suite("BootClient: what every reply keeps to")
struct ReplyRulesTests {
    private let server = BootServer(address: IPv4Address(value: 0x0a4d_0001), httpPort: 8987)

    private func reply(to sample: SampleClient, isProxy: Bool) throws -> (DHCPMessage, [UInt8]) {
        let client = try sample.client()
        var reply = DHCPMessage(.reply, transactionID: 7, mac: client.traits.mac)
        reply.options.messageType = .offer
        reply.options.serverIdentifier = server.address
        if isProxy {
            client.fillProxyFields(of: &reply, from: server)
        } else {
            client.fillBootFields(of: &reply, from: server)
        }
        let bytes = try reply.encoded(limit: 1472)
        return (try DHCPMessage(decoding: bytes), bytes)
    }

    /// Codes of the options as they stand, PAD and END with them, up to END.
    private func codes(_ bytes: [UInt8]) -> [UInt8] {
        var codes: [UInt8] = []
        var rest = bytes.dropFirst(DHCPMessage.fixedSize)
        while let code = rest.popFirst() {
            codes.append(code)
            guard code != 255 else { break }
            guard code != 0, let length = rest.popFirst() else { continue }
            rest = rest.dropFirst(Int(length))
        }
        return codes
    }

    @Test("no overload, no option twice, at least 300 bytes", arguments: SampleClient.all, [false, true])
    func form(sample: SampleClient, isProxy: Bool) throws {
        let (reply, bytes) = try reply(to: sample, isProxy: isProxy)
        #expect(bytes.count >= 300 && bytes.count <= 1472)
        #expect(reply.options[.overload] == nil)
        let codes = codes(bytes).filter { $0 != 0 }
        #expect(Set(codes).count == codes.count)
        #expect(codes.last == 255)
    }

    @Test("whoever gets a file has it in every place: shim reads the fields, others the options")
    func everyPlace() throws {
        for sample in SampleClient.all {
            let client = try sample.client()
            let (reply, _) = try reply(to: sample, isProxy: false)
            guard client.bootsFromOffer else {
                #expect(reply.bootFile.isEmpty && reply.options.bootFileName == nil)
                continue
            }
            #expect(reply.nextServer == server.address)
            #expect(reply.serverName == "10.77.0.1" && reply.options.tftpServerName == "10.77.0.1")
            #expect(reply.options[.tftpServerName]?.last == 0)
            if case .raspberryPiMenu = client.offer { continue }
            #expect(!reply.bootFile.isEmpty && reply.bootFile == reply.options.bootFileName)
            #expect(reply.options[.bootFileName]?.last == 0)
        }
    }

    @Test("UEFI never gets 60 without 43, unless it is set to BINL or boots by HTTP")
    func classNeedsControl() throws {
        for sample in SampleClient.all {
            let (reply, _) = try reply(to: sample, isProxy: false)
            guard reply.options.vendorClass == "PXEClient" else { continue }
            #expect((reply.options.pxe == nil) == (sample.row == "UEFI PXE, BINL"))
        }
    }

    @Test("HTTPClient is followed by PAD for GRUB; a Raspberry Pi gets no PAD before END")
    func padding() throws {
        for sample in SampleClient.all {
            let (reply, bytes) = try reply(to: sample, isProxy: false)
            let pads = codes(bytes).count { $0 == 0 }
            #expect(pads == (reply.options.vendorClass == "HTTPClient" ? 1 : 0))
            guard pads == 1 else { continue }
            let start = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("HTTPClient".utf8)) })
            #expect(bytes[start - 1] == 10 && bytes[start + 10] == 0)
        }
    }

    @Test("a proxy's answer is marked as one for each who boots from it, and asks iPXE nothing")
    func proxy() throws {
        for sample in SampleClient.all where try sample.client().bootsFromOffer {
            let (reply, _) = try reply(to: sample, isProxy: true)
            let isHTTP = if case .httpLoader = sample.offer { true } else { false }
            #expect(reply.options.vendorClass == (isHTTP ? "HTTPClient" : "PXEClient"))
            #expect(reply.options.ipxe == nil)
            switch sample.offer {
            case .httpLoader, .binlLoader: #expect(reply.options.pxe == nil)
            case .raspberryPiMenu(let entry): #expect(reply.options.pxe?.menu.map(\.text) == [entry])
            default: #expect(reply.options.pxe?.discoveryControl == .bootFileAtOnce)
            }
        }
    }

    @Test("the Raspberry Pi's menu, byte for byte")
    func piMenu() throws {
        let sample = try #require(SampleClient.all.first { $0.row == "Raspberry Pi 4 and newer" })
        let (reply, _) = try reply(to: sample, isProxy: false)
        let entry = Array("Raspberry Pi Boot".utf8)
        #expect(
            reply.options[.vendorSpecific].map(Array.init)
                == [6, 1, 3, 9, 20, 0, 0, 17] + entry + [10, 4, 0] + Array("PXE".utf8) + [255])
    }
}
