import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

/// A proxy whose network and clock the test plays.
private struct PlayedProxy {
    var machine: ProxyDHCPMachine
    var now: Int64 = 1_800_000_000_000

    init(
        firmware: FirmwarePolicy = FirmwarePolicy(),
        verdict: @escaping @Sendable (MACAddress) -> NodeVerdict = { _ in .known(name: "n1") }
    ) throws {
        machine = ProxyDHCPMachine(
            settings: ProxyDHCPSettings(
                serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/24")),
                httpPort: 8987, firmware: firmware), verdict: verdict)
    }

    mutating func receive(
        _ message: DHCPMessage, from source: IPv4Endpoint = IPv4Endpoint(.any, port: 68), on port: DHCPPort = .server
    ) throws -> PlayedServer.Outcome {
        PlayedServer.Outcome(actions: machine.receive(try message.encoded(), from: source, on: port, at: now))
    }
}

/// A REQUEST to the DHCP server 10.77.0.2, which gives `text`.
private func request(_ client: PlayedClient, for text: String) throws -> DHCPMessage {
    var request = client.message(.request)
    request.options.serverIdentifier = try address("10.77.0.2")
    request.options.requestedAddress = try address(text)
    return request
}

extension PlayedServer.Outcome {
    fileprivate var observed: [String] {
        actions.compactMap { if case .observe(let address, let mac) = $0 { "\(address) \(mac)" } else { nil } }
    }
}

@Suite("ProxyDHCPMachine: offers")
struct ProxyOfferTests {
    @Test(
        "captured firmware gets a file and no address, by broadcast, from port 67",
        arguments: [
            ("bios-virtio-ipxe", "http://10.77.0.1:8987/boot/script/52-54-00-00-01-02.ipxe", "PXEClient"),
            ("uefi-edk2-pxe-ipxe", "snponly.efi", "PXEClient"),
            ("uefi-edk2-http", "http://10.77.0.1:8987/boot/snponly.efi", "HTTPClient"),
        ])
    func captured(name: String, file: String, vendorClass: String) throws {
        var proxy = try PlayedProxy()
        let discover = try #require(try capturedClients(name).first)
        let outcome = try proxy.receive(discover)
        let offer = try outcome.message()
        #expect(offer.options.messageType == .offer)
        #expect(offer.yourAddress == .any && offer.clientAddress == .any)
        #expect(offer.options.leaseTime == nil && offer.options.subnetMask == nil && offer.options.routers.isEmpty)
        #expect(offer.options.serverIdentifier?.description == "10.77.0.1")
        #expect(offer.options.vendorClass == vendorClass)
        #expect((offer.options.pxe?.discoveryControl == .bootFileAtOnce) == (vendorClass == "PXEClient"))
        #expect(offer.bootFile == file && offer.options.bootFileName == file)
        #expect(offer.nextServer.description == "10.77.0.1")
        #expect(offer.options[.clientMachine] == discover.options[.clientMachine])
        #expect(offer.options[.clientIdentifier] == discover.options[.clientIdentifier])
        #expect(offer.options.ipxe == nil)
        #expect(outcome.replies[0].destination == .broadcast && outcome.replies[0].source == .server)
        #expect(outcome.events.map(\.kind) == [.discovered, .offered])
        #expect(outcome.leases.isEmpty)
    }

    @Test("by relay: to the relay's port 67, option 82 given back")
    func relayed() throws {
        var proxy = try PlayedProxy()
        var discover = try PlayedClient(as: PlayedClient.biosROM).discover()
        discover.relayAddress = try address("10.99.0.1")
        discover.options[.relayAgentInformation] = [1, 2, 0xab, 0xcd]
        let outcome = try proxy.receive(discover, from: IPv4Endpoint(try address("10.99.0.1"), port: 67))
        #expect(outcome.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("10.99.0.1"), port: 67))])
        #expect(try outcome.message().options[.relayAgentInformation] == [1, 2, 0xab, 0xcd])
        #expect(try outcome.message().relayAddress.description == "10.99.0.1")
    }

    @Test("operating systems, the agent and bare clients are not answered, and nothing is said of them")
    func plain() throws {
        var proxy = try PlayedProxy()
        for options in [PlayedClient.system, PlayedClient.agent, { @Sendable _ in }] {
            let client = try PlayedClient(as: options)
            #expect(try proxy.receive(client.discover()).actions == [])
            var release = client.message(.release)
            release.clientAddress = try address("10.77.0.100")
            for message in [release, client.message(.decline)] {
                #expect(try proxy.receive(message).actions == [])
            }
        }
    }

    @Test("a REQUEST for whatever address is never answered, neither with ACK nor NAK")
    func silent() throws {
        var proxy = try PlayedProxy()
        for wish in ["10.77.0.100", "192.168.7.7", "10.77.0.1"] {
            for options in [PlayedClient.system, PlayedClient.biosROM, PlayedClient.ipxe] {
                #expect(try proxy.receive(request(PlayedClient(as: options), for: wish)).replies.isEmpty)
            }
        }
    }

    @Test("who is refused has the reason on its timeline", arguments: [true, false])
    func refused(isIgnored: Bool) throws {
        var proxy = try PlayedProxy(verdict: { _ in isIgnored ? .ignored(reason: "the node is disabled") : .unknown })
        let client = try PlayedClient {
            $0.vendorClass = "PXEClient"
            $0.clientArchitectures = [isIgnored ? .bios : ClientArchitecture(rawValue: 14)]
        }
        let outcome = try proxy.receive(client.discover())
        #expect(outcome.replies.isEmpty)
        #expect(outcome.events.map(\.kind) == (isIgnored ? [.refused] : [.discovered, .refused]))
    }

    @Test("the iPXE that firmware was given is told as chained, and its script is for its MAC")
    func chain() throws {
        var proxy = try PlayedProxy()
        let rom = try PlayedClient(transactionID: 1, as: PlayedClient.uefiROM)
        _ = try proxy.receive(rom.discover())
        _ = try proxy.receive(request(rom, for: "10.77.0.100"))
        proxy.now += 5000
        let chained = try proxy.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxe).discover())
        #expect(chained.events.map(\.kind) == [.offered])
        #expect(try chained.message().bootFile.hasSuffix("/boot/script/52-54-00-12-34-56.ipxe"))
    }

    @Test("firmware that got no address asks again: no loader is taken for granted")
    func noAddress() throws {
        var proxy = try PlayedProxy()
        _ = try proxy.receive(PlayedClient(transactionID: 1, as: PlayedClient.ipxeWithoutHTTP).discover())
        proxy.now += 5000
        let again = try proxy.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxeWithoutHTTP).discover())
        #expect(try again.message().bootFile == "undionly.kpxe")
    }
}

@Suite("ProxyDHCPMachine: port 4011")
struct ProxyBootServerTests {
    @Test("an ACK with the file, from 4011 to where it came from")
    func acknowledged() throws {
        var proxy = try PlayedProxy(firmware: FirmwarePolicy(binlClients: [try #require(MACAddressPrefix("52:54"))]))
        let client = try PlayedClient(as: PlayedClient.uefiROM)
        let offer = try proxy.receive(client.discover()).message()
        #expect(offer.options.vendorClass == "PXEClient" && offer.options.pxe == nil)
        for type in [DHCPMessageType.request, .inform] {
            var message = client.message(type)
            message.clientAddress = try address("10.77.0.100")
            let source = IPv4Endpoint(try address("10.77.0.100"), port: 4011)
            let outcome = try proxy.receive(message, from: source, on: .bootServer)
            let ack = try outcome.message()
            #expect(ack.options.messageType == .ack && ack.bootFile == "snponly.efi")
            #expect(ack.options.vendorClass == "PXEClient" && ack.yourAddress == .any)
            #expect(outcome.replies[0].source == .bootServer && outcome.replies[0].destination == .routed(source))
            #expect(outcome.observed == (type == .request ? ["10.77.0.100 52:54:00:12:34:56"] : []))
        }
    }

    @Test("not to strangers from elsewhere; to a machine behind a relay, once its request was seen")
    func elsewhere() throws {
        var proxy = try PlayedProxy()
        let client = try PlayedClient(as: PlayedClient.uefiROM)
        let source = IPv4Endpoint(try address("10.99.0.100"), port: 4011)
        #expect(try proxy.receive(client.message(.request), from: source, on: .bootServer).replies.isEmpty)
        var relayed = try request(client, for: "10.99.0.100")
        relayed.relayAddress = try address("10.99.0.1")
        #expect(try proxy.receive(relayed).observed == ["10.99.0.100 52:54:00:12:34:56"])
        #expect(try proxy.receive(client.message(.request), from: source, on: .bootServer).replies.count == 1)
    }

    /// The relay brings what the client broadcasts to both servers; the client asks port 4011 without it.
    @Test("a whole boot behind a relay that the other server is behind too")
    func behindRelay() throws {
        let policy = FirmwarePolicy(binlClients: [try #require(MACAddressPrefix("52:54"))])
        var proxy = try PlayedProxy(firmware: policy)
        let client = try PlayedClient(as: PlayedClient.uefiROM)
        let relay = IPv4Endpoint(try address("10.99.0.1"), port: 67)
        var discover = client.discover()
        discover.relayAddress = relay.address
        let offer = try proxy.receive(discover, from: relay)
        #expect(try offer.message().yourAddress == .any && offer.message().options.vendorClass == "PXEClient")
        #expect(offer.replies[0].destination == .routed(relay))
        var wish = try request(client, for: "10.99.0.100")
        wish.relayAddress = relay.address
        #expect(try proxy.receive(wish, from: relay).replies.isEmpty)
        let source = IPv4Endpoint(try address("10.99.0.100"), port: 4011)
        var binl = client.message(.request)
        binl.clientAddress = source.address
        let answer = try proxy.receive(binl, from: source, on: .bootServer)
        #expect(try answer.message().bootFile == "snponly.efi")
        #expect(answer.replies[0].destination == .routed(source) && answer.replies[0].source == .bootServer)
        let chained = try PlayedClient(transactionID: 2, as: PlayedClient.ipxe)
        var again = chained.discover()
        again.relayAddress = relay.address
        proxy.now += 5000
        #expect(try proxy.receive(again, from: relay).message().bootFile.hasSuffix("/52-54-00-12-34-56.ipxe"))
    }
}

@Suite("ProxyDHCPMachine: other settings")
struct ProxySettingsTests {
    @Test("hold from the next message on, for copies of what was answered too; addresses stay known")
    func applied() throws {
        var proxy = try PlayedProxy()
        let client = try PlayedClient(as: PlayedClient.uefiROM)
        _ = try proxy.receive(request(client, for: "10.99.0.100"))
        #expect(try proxy.receive(client.discover()).message().options.pxe?.discoveryControl == .bootFileAtOnce)
        var settings = proxy.machine.settings
        settings.firmware.binlClients = [try #require(MACAddressPrefix("52:54"))]
        settings.firmwareHTTPSPort = 8988
        try proxy.machine.apply(settings)
        #expect(proxy.machine.settings == settings)
        #expect(try proxy.receive(client.discover()).message().options.pxe == nil)
        let firmware = try PlayedClient {
            $0.vendorClass = "HTTPClient:Arch:00016:UNDI:003001"
            $0.clientArchitectures = [.httpX64]
        }
        #expect(try proxy.receive(firmware.discover()).message().bootFile == "https://10.77.0.1:8988/boot/snponly.efi")
    }

    @Test("where a machine is stays known")
    func addresses() throws {
        var proxy = try PlayedProxy()
        let client = try PlayedClient(as: PlayedClient.uefiROM)
        var relayed = try request(client, for: "10.99.0.100")
        relayed.relayAddress = try address("10.99.0.1")
        _ = try proxy.receive(relayed)
        try proxy.machine.apply(proxy.machine.settings)
        let source = IPv4Endpoint(try address("10.99.0.100"), port: 4011)
        #expect(try proxy.receive(client.message(.request), from: source, on: .bootServer).replies.count == 1)
    }

    @Test("another address of the server takes a restart")
    func moved() throws {
        var proxy = try PlayedProxy()
        let before = proxy.machine.settings
        var settings = before
        settings.serverAddress = try address("10.77.0.9")
        #expect(throws: DHCPSettingsError.serverMoved(from: before.serverAddress, to: settings.serverAddress)) {
            try proxy.machine.apply(settings)
        }
        #expect(proxy.machine.settings == before)
    }
}

@Suite("ProxyDHCPMachine: addresses that another server gives")
struct ProxyAddressTests {
    @Test("a REQUEST's option 50 is the machine's address, once; a boot program's is on its timeline")
    func requested() throws {
        var proxy = try PlayedProxy()
        let rom = try PlayedClient(as: PlayedClient.biosROM)
        let first = try proxy.receive(request(rom, for: "10.77.0.100"))
        #expect(first.observed == ["10.77.0.100 52:54:00:12:34:56"])
        #expect(first.events.map(\.kind) == [.addressSeen])
        #expect(
            first.events.first?.detail == "10.77.0.100 of the DHCP server 10.77.0.2, by PXE ROM in BIOS (arch 0)")
        #expect(try proxy.receive(request(rom, for: "10.77.0.100")).actions == [])
        let other = try PlayedClient(transactionID: 9)
        let moved = try proxy.receive(request(other, for: "10.77.0.101"))
        #expect(moved.observed == ["10.77.0.101 52:54:00:12:34:56"])
        #expect(moved.events == [])
    }

    @Test("ciaddr of a renewal and of an INFORM counts too")
    func inUse() throws {
        for type in [DHCPMessageType.request, .inform] {
            var proxy = try PlayedProxy()
            var message = try PlayedClient().message(type)
            message.clientAddress = try address("10.77.0.100")
            let outcome = try proxy.receive(message)
            #expect(outcome.observed == ["10.77.0.100 52:54:00:12:34:56"] && outcome.events == [])
        }
    }

    @Test(
        "not the server's own address, none of another network, none of a relay's client that no machine can have",
        arguments: [
            ("10.77.0.1", nil), ("10.78.0.5", nil), ("0.0.0.1", "10.99.0.1"), ("239.1.1.1", "10.99.0.1"),
            ("127.0.0.1", "10.99.0.1"),
        ] as [(String, String?)])
    func unusable(wish: String, relay: String?) throws {
        var proxy = try PlayedProxy()
        var message = try request(PlayedClient(as: PlayedClient.biosROM), for: wish)
        if let relay { message.relayAddress = try address(relay) }
        #expect(try proxy.receive(message).actions == [])
    }

    @Test("strangers' addresses are not kept: whoever invents MACs fills no memory")
    func strangers() throws {
        var proxy = try PlayedProxy(verdict: { _ in .unknown })
        for number in 0..<2000 {
            let mac = MACAddress(value: 0x5254_0000_0000 + UInt64(number))
            var client = try PlayedClient(as: PlayedClient.system)
            client.mac = mac
            #expect(try proxy.receive(request(client, for: "10.77.0.100")).actions == [])
        }
    }
}
