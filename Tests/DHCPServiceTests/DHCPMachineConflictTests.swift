import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: addresses that somebody else uses")
struct DHCPMachineConflictTests {
    private let stranger = MACAddress(value: 0x0200_0000_0099)

    @Test("the next addresses that were never used are probed ahead: 256 at the start, then by half windows")
    func ahead() throws {
        var server = try PlayedServer(pool: "10.77.0.10-10.77.0.19")
        #expect(server.machine.probes() == [])
        let held = Lease(mac: stranger, address: try address("10.78.0.3"), expires: server.now + 1000)
        var wide = try DHCPMachine(
            settings: DHCPSettings(
                serverAddress: address("10.78.0.1"), subnet: #require(IPv4Subnet("10.78.0.0/16")), httpPort: 8987),
            leases: [held], verdict: { _ in .unknown })
        let first = wide.start(at: server.now)
        #expect(first.count == 254)
        #expect(first.first == .probe(try address("10.78.0.2")))
        #expect(!first.contains(.probe(held.address)))
        var probed = 0
        for number in 1...200 as ClosedRange<UInt64> {
            let client = try PlayedClient(MACAddress(value: 0x5254_0000_0000 | number).description)
            let outcome = PlayedServer.Outcome(
                actions: wide.receive(
                    try client.discover().encoded(), from: IPv4Endpoint(.any, port: 68), on: .server, at: server.now))
            #expect(outcome.probes.isEmpty || outcome.probes.count > 100)
            probed += outcome.probes.count
        }
        #expect(probed > 100)
        #expect(server.machine.conflict(try address("10.77.0.200"), with: stranger, at: server.now).isEmpty)
    }

    @Test("a free address that answers is set aside and told of; it is given again later, and probed then")
    func free() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.56")
        let first = try address("10.77.0.55")
        let told = PlayedServer.Outcome(actions: server.machine.conflict(first, with: stranger, at: server.now))
        #expect(
            told.events.map(\.detail) == [
                "10.77.0.55 is used by 02:00:00:00:00:99, which has no lease on it; it is set aside for 600 s"
            ])
        #expect(server.machine.conflict(first, with: stranger, at: server.now).isEmpty)
        #expect(try server.lease(to: PlayedClient()).description == "10.77.0.56")
        server.now += 700_000
        var discover = try PlayedClient("52:54:00:00:00:02").discover()
        discover.options.requestedAddress = first
        let outcome = try server.receive(discover)
        #expect(try outcome.message().yourAddress == first)
        #expect(outcome.probes == [first])
    }

    @Test("a machine that uses what is reserved for it is no stranger there")
    func reserved() throws {
        var server = try PlayedServer(settings: {
            $0.reservations = [
                DHCPReservation(.mac(MACAddress(value: 7)), address: IPv4Address(value: 0x0a4d_00c8), origin: "r")
            ]
        })
        let reserved = try address("10.77.0.200")
        #expect(server.machine.conflict(reserved, with: MACAddress(value: 7), at: server.now).isEmpty)
        #expect(server.machine.conflict(reserved, with: stranger, at: server.now).count == 1)
        #expect(
            try server.receive(PlayedClient("00:00:00:00:00:07").discover()).message().yourAddress.description
                == "10.77.0.55")
    }

    @Test("an address that a client wishes for is probed at the offer, if it was never used")
    func wished() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.58")
        var discover = try PlayedClient().discover()
        discover.options.requestedAddress = try address("10.77.0.58")
        #expect(try server.receive(discover).probes == [address("10.77.0.58")])
        #expect(try server.receive(discover).probes == [])
        discover.options.requestedAddress = try address("10.99.0.58")
        #expect(try server.receive(discover).probes == [])
    }

    @Test("an answer between offer and request makes the request a NAK; the machine gets another address")
    func offered() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.56")
        let client = try PlayedClient()
        let offer = try server.receive(client.discover()).message()
        // The machine itself may answer for what it was offered, and no harm is done.
        #expect(server.machine.conflict(offer.yourAddress, with: client.mac, at: server.now).isEmpty)
        let told = PlayedServer.Outcome(
            actions: server.machine.conflict(offer.yourAddress, with: stranger, at: server.now))
        #expect(told.events.map(\.node) == [client.mac])
        let answer = try server.receive(client.request(offer))
        #expect(try answer.message().options.messageType == .nak)
        #expect(answer.leases.isEmpty)
        #expect(try server.lease(to: client).description == "10.77.0.56")
    }

    @Test("an answer after the ACK leaves the lease alone, through renewals, and sets the address aside after it")
    func leased() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.56")
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        let told = PlayedServer.Outcome(actions: server.machine.conflict(held, with: stranger, at: server.now))
        #expect(
            told.events.map(\.detail) == [
                "duplicate address: 10.77.0.55, which is leased to this machine, is used by 02:00:00:00:00:99 too"
            ])
        server.now += 1_800_000
        var renewal = client.message(.request)
        renewal.clientAddress = held
        #expect(try server.receive(renewal).message().options.messageType == .ack)
        server.now += 3_700_000
        #expect(try server.lease(to: PlayedClient("52:54:00:00:00:02")).description == "10.77.0.56")
        #expect(try server.receive(PlayedClient("52:54:00:00:00:03").discover()).replies.isEmpty)
        #expect(try server.receive(client.discover()).replies.isEmpty)
        server.now += 700_000
        #expect(try server.lease(to: client) == held)
    }
}

@Suite("DHCPMachine: other settings while it runs")
struct DHCPMachineApplyTests {
    @Test("leases and conversations go on; new clients get what is set now")
    func goesOn() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.58")
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        let waiting = try PlayedClient("52:54:00:00:00:02")
        let offer = try server.receive(waiting.discover()).message()
        var settings = server.machine.settings
        settings.link.pools = [DHCPPool((try address("10.77.0.50"))...(try address("10.77.0.56")))]
        settings.link.domain = "other.example"
        let actions = try server.machine.apply(settings, at: server.now)
        #expect(actions.contains(.probe(try address("10.77.0.50"))))
        #expect(!actions.contains(.probe(held)))
        #expect(try server.receive(waiting.request(offer)).message().options.messageType == .ack)
        #expect(try server.receive(client.discover()).message().yourAddress == held)
        #expect(try server.lease(to: PlayedClient("52:54:00:00:00:03")).description == "10.77.0.50")
    }

    @Test("what cannot be served changes nothing")
    func refused() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.58")
        let before = server.machine.settings
        var settings = before
        settings.link.leaseTimes.standard = 1
        #expect(throws: DHCPSettingsError.leaseTooShort(seconds: 1)) {
            try server.machine.apply(settings, at: server.now)
        }
        settings = before
        settings.serverAddress = try address("10.77.0.2")
        #expect(throws: DHCPSettingsError.serverMoved(from: before.serverAddress, to: settings.serverAddress)) {
            try server.machine.apply(settings, at: server.now)
        }
        #expect(server.machine.settings == before)
        #expect(try server.lease(to: PlayedClient()).description == "10.77.0.55")
    }
}
