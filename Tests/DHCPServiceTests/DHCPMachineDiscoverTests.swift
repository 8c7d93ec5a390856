import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: DISCOVER")
struct DHCPMachineDiscoverTests {
    @Test("an offer holds its address for a minute")
    func hold() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        let first = try server.receive(PlayedClient("52:54:00:00:00:01").discover()).message()
        #expect(first.yourAddress.description == "10.77.0.55")
        server.now += 59_999
        #expect(try server.receive(PlayedClient("52:54:00:00:00:02").discover()).replies.isEmpty)
        server.now += 1
        let second = try server.receive(PlayedClient("52:54:00:00:00:02").discover()).message()
        #expect(second.yourAddress.description == "10.77.0.55")
    }

    @Test("an address that the client wishes for is offered if it is free")
    func wish() throws {
        var server = try PlayedServer()
        var discover = try PlayedClient().discover()
        discover.options.requestedAddress = try address("10.77.0.57")
        #expect(try server.receive(discover).message().yourAddress.description == "10.77.0.57")
        var other = try PlayedClient("52:54:00:00:00:02").discover()
        other.options.requestedAddress = try address("10.77.0.57")
        #expect(try server.receive(other).message().yourAddress.description == "10.77.0.55")
    }

    @Test("a pool without a free address is an event with the reason")
    func exhausted() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.56")
        _ = try server.lease(to: PlayedClient("52:54:00:00:00:01"))
        _ = try server.lease(to: PlayedClient("52:54:00:00:00:02"))
        let outcome = try server.receive(PlayedClient("52:54:00:00:00:03", as: PlayedClient.biosROM).discover())
        #expect(outcome.replies.isEmpty && outcome.leases.isEmpty)
        #expect(outcome.events.map(\.kind) == [.refused])
        #expect(
            outcome.events.first?.detail
                == "no address is free in 10.77.0.0/24: all of 10.77.0.55-10.77.0.56 are held; the first is free again in 3599 s"
        )
    }

    @Test("a node that finds no free address has an attempt that says so; a stranger makes no attempt")
    func exhaustedNode() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55", verdict: { _ in .known(name: "n1") })
        _ = try server.lease(to: PlayedClient("52:54:00:00:00:01"))
        let outcome = try server.receive(PlayedClient("52:54:00:00:00:03", as: PlayedClient.biosROM).discover())
        #expect(outcome.events.map(\.kind) == [.discovered, .refused])
    }

    @Test("a flood of strangers is answered by a bounded number of events")
    func flood() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        var events = 0
        for number in 0..<5000 as Range<UInt64> {
            var client = try PlayedClient(as: PlayedClient.biosROM)
            client.mac = MACAddress(value: 0x0200_0000_0000 + number)
            events += try server.receive(client.discover()).events.count
        }
        #expect(events == 2 + 256)
    }

    @Test("a ROM's DISCOVER is on record once for a conversation, and so is its offer")
    func retransmission() throws {
        var server = try PlayedServer()
        let rom = try PlayedClient(as: PlayedClient.uefiROM)
        #expect(try server.receive(rom.discover()).events.map(\.kind) == [.discovered, .offered])
        server.now += 4000
        let again = try server.receive(rom.discover())
        #expect(again.replies.count == 1 && again.events.isEmpty)
        var restarted = rom
        restarted.transactionID += 1
        #expect(try server.receive(restarted.discover()).events.map(\.kind) == [.discovered, .offered])
    }

    @Test("neither the agent nor a system begins an attempt")
    func noAttempt() throws {
        var server = try PlayedServer()
        #expect(try server.receive(PlayedClient(as: PlayedClient.agent).discover()).events.map(\.kind) == [.offered])
        #expect(try server.receive(PlayedClient("52:54:00:00:00:09").discover()).events.isEmpty)
    }

    @Test("unicast to the MAC, broadcast where the client or the settings ask for it")
    func destinations() throws {
        let client = try PlayedClient()
        var wanting = client.discover()
        wanting.wantsBroadcast = true
        var server = try PlayedServer()
        #expect(
            try server.receive(client.discover()).replies.map(\.destination) == [
                .link(client.mac, try address("10.77.0.55"))
            ])
        #expect(try server.receive(wanting).replies.map(\.destination) == [.broadcast])
        var forced = try PlayedServer(settings: { $0.forcesBroadcast = true })
        #expect(try forced.receive(client.discover()).replies.map(\.destination) == [.broadcast])
    }

    @Test("a client with a small buffer loses names first, and never what it boots by")
    func smallBuffer() throws {
        var server = try PlayedServer(
            verdict: { _ in .known(name: String(repeating: "n", count: 63)) },
            settings: { $0.link.domain = String(repeating: "d", count: 200) })
        let outcome = try server.receive(PlayedClient(as: PlayedClient.ipxe).discover())
        let message = try outcome.message()
        #expect(outcome.replies[0].bytes.count <= 548)
        #expect(message.options.domainName == nil)
        #expect(message.options.hostName?.count == 63)
        #expect(message.options.bootFileName != nil)
        let large = try PlayedClient {
            PlayedClient.ipxe(&$0)
            $0.maximumMessageSize = 1472
        }
        #expect(try server.receive(large.discover()).message().options.domainName?.count == 200)
    }

    @Test("an answer that does not fit the client at all is an event, not half an answer")
    func noFit() throws {
        var server = try PlayedServer()
        let client = try PlayedClient {
            PlayedClient.ipxe(&$0)
            $0.clientIdentifier = [UInt8](repeating: 1, count: 250)[...]
            $0.relayAgentInformation = [UInt8](repeating: 2, count: 250)[...]
        }
        let outcome = try server.receive(client.discover())
        #expect(outcome.replies.isEmpty)
        #expect(outcome.events.map(\.kind) == [.refused])
        #expect(outcome.events.first?.detail.contains("the client takes 548") == true)
    }

    @Test("host name and domain go to those who ask for them")
    func names() throws {
        var server = try PlayedServer(verdict: { _ in .known(name: "n1") })
        let asking = try PlayedClient {
            PlayedClient.system(&$0)
            $0.parameterRequestList = [.hostName, .domainName]
        }
        let answer = try server.receive(asking.discover()).message()
        #expect(answer.options.hostName == "n1" && answer.options.domainName == "cluster.example")
        let silent = try PlayedClient {
            PlayedClient.system(&$0)
            $0.parameterRequestList = [.subnetMask]
        }
        let bare = try server.receive(silent.discover()).message()
        #expect(bare.options.hostName == nil && bare.options.domainName == nil)
        #expect(bare.options.routers.count == 1)
    }
}
