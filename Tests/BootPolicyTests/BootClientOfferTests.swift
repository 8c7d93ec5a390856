import BootProtocols
import Testing

@testable import BootPolicy

@Suite("BootClient: boot fields of an offer")
struct BootClientOfferTests {
    private let server: BootServer
    private let mac = MACAddress(value: 0x5254_0012_3456)

    init() throws {
        server = BootServer(address: try #require(IPv4Address("10.77.0.1")), httpPort: 8987)
    }

    /// A reply with the boot fields for a client that is told `options`, as its receiver decodes it.
    private func reply(_ options: (inout DHCPOptions) -> Void, wasChained: Bool = false) throws -> DHCPMessage {
        var request = DHCPMessage(.request, transactionID: 7, mac: mac)
        options(&request.options)
        var reply = DHCPMessage(.reply, transactionID: 7, mac: mac)
        BootClient(ClientTraits(request, wasChained: wasChained)).fillBootFields(of: &reply, from: server)
        return try DHCPMessage(decoding: try reply.encoded())
    }

    private func expect(_ reply: DHCPMessage, file: String) {
        #expect(reply.nextServer == server.address)
        #expect(reply.serverName == "10.77.0.1")
        #expect(reply.bootFile == file)
        #expect(reply.options.tftpServerName == "10.77.0.1")
        #expect(reply.options.bootFileName == file)
        #expect(reply.options[.tftpServerName]?.last == 0)
        #expect(reply.options[.bootFileName]?.last == 0)
    }

    @Test("a script by HTTP, and no wait for a proxy")
    func scriptByHTTP() throws {
        let reply = try reply {
            var ipxe = IPXEOptions()
            ipxe.features = [.http, .bzImage]
            $0.ipxe = ipxe
        }
        expect(reply, file: "http://10.77.0.1:8987/boot/script/52-54-00-12-34-56.ipxe")
        #expect(reply.options[.ipxe] == [176, 1, 1, 255])
        #expect(reply.options.vendorClass == nil && reply.options.pxe == nil)
    }

    @Test("a script by TFTP")
    func scriptByTFTP() throws {
        let reply = try reply({ $0.userClasses = ["iPXE"] }, wasChained: true)
        expect(reply, file: "boot/script/52-54-00-12-34-56.ipxe")
        #expect(reply.options.ipxe?.skipsProxyWait == true)
    }

    @Test("a loader for a BIOS ROM, with neither 60 nor 43")
    func loader() throws {
        let reply = try reply { $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001" }
        expect(reply, file: "undionly.kpxe")
        #expect(reply.options.vendorClass == nil && reply.options.pxe == nil && reply.options.ipxe == nil)
    }

    @Test("a loader for UEFI PXE in the PXE 1.0 form")
    func pxeLoader() throws {
        let reply = try reply {
            $0.vendorClass = "PXEClient:Arch:00007:UNDI:003000"
            $0.clientArchitectures = [.efiX64]
        }
        expect(reply, file: "snponly.efi")
        #expect(reply.options.vendorClass == "PXEClient")
        #expect(reply.options[.vendorSpecific] == [6, 1, 8, 255])
    }

    @Test("firmware's HTTP boot goes by TLS where that is wanted, and nobody else does")
    func firmwareByHTTPS() throws {
        let secure = BootServer(address: server.address, httpPort: 8987, firmwareHTTPSPort: 8988)
        #expect(secure.firmwareURL(of: "snponly.efi") == "https://10.77.0.1:8988/boot/snponly.efi")
        #expect(secure.scriptURL(for: mac).hasPrefix("http://10.77.0.1:8987/"))
        #expect(server.firmwareURL(of: "snponly.efi") == "http://10.77.0.1:8987/boot/snponly.efi")
    }

    @Test("a URL for UEFI HTTP boot")
    func httpLoader() throws {
        let reply = try reply {
            $0.vendorClass = "HTTPClient:Arch:00016:UNDI:003000"
            $0.clientArchitectures = [.httpX64]
        }
        expect(reply, file: "http://10.77.0.1:8987/boot/snponly.efi")
        #expect(reply.options.vendorClass == "HTTPClient")
        #expect(reply.options.pxe == nil)
    }

    @Test("GRUB: the server alone")
    func nextServer() throws {
        let reply = try reply { _ in }
        #expect(reply.nextServer == server.address)
        #expect(reply.serverName == "10.77.0.1")
        #expect(reply.bootFile.isEmpty)
        #expect(reply.options.bootFileName == nil)
    }

    @Test(
        "nothing for a system, the agent, and whoever is refused", arguments: ["MSFT 5.0", "perseid-agent", "U-Boot"])
    func nothing(vendorClass: String) throws {
        let reply = try reply { $0.vendorClass = vendorClass }
        #expect(reply.nextServer == .any)
        #expect(reply.serverName.isEmpty && reply.bootFile.isEmpty)
        #expect(reply.options.map(\.code).isEmpty)
    }

    @Test("the longest script URL fits the field file")
    func longest() throws {
        let far = BootServer(address: .broadcast, httpPort: .max)
        #expect(far.scriptURL(for: .broadcast).utf8.count < 128)
    }
}
