import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

/// Sub-options of option 82.
func relayOption(_ items: (UInt8, [UInt8])...) -> ArraySlice<UInt8> {
    items.flatMap { [$0.0, UInt8(truncatingIfNeeded: $0.1.count)] + $0.1 }[...]
}

@Suite("DHCPMachine: several subnets")
struct DHCPMachineSubnetTests {
    private static let far = IPv4Subnet("10.88.0.0/16")

    private func server(_ change: (inout DHCPSettings) -> Void = { _ in }) throws -> PlayedServer {
        let far = try #require(Self.far)
        let pools = [
            DHCPPool(try address("10.88.1.10")...address("10.88.1.11")),
            DHCPPool(try address("10.88.2.10")...address("10.88.2.11")),
        ]
        let router = try address("10.88.0.254")
        return try PlayedServer(settings: { settings in
            settings.subnets = [
                DHCPSubnet(
                    far, pools: pools, router: router, domain: "far.example",
                    leaseTimes: DHCPLeaseTimes(standard: 600, minimum: 120, maximum: 1200))
            ]
            change(&settings)
        })
    }

    private func relayed(
        _ number: Int = 1, by relay: String = "10.88.0.2", _ option82: ArraySlice<UInt8>? = nil
    ) throws -> DHCPMessage {
        var message = try PlayedClient("52:54:00:00:00:\(number < 10 ? "0" : "")\(number)").discover()
        message.relayAddress = try address(relay)
        message.options.relayAgentInformation = option82
        return message
    }

    @Test("by giaddr: addresses, mask, router, names and times of its subnet, through all of its pools")
    func relayAddress() throws {
        var server = try server()
        var given: [String] = []
        for number in 1...5 {
            let outcome = try server.receive(relayed(number))
            guard number < 5 else {
                #expect(
                    outcome.events.map(\.detail) == [
                        "no address is free in 10.88.0.0/16: all of 10.88.1.10-10.88.1.11, 10.88.2.10-10.88.2.11 are held; "
                            + "the first is free again in 60 s"
                    ])
                break
            }
            let offer = try outcome.message()
            given.append(offer.yourAddress.description)
            #expect(offer.options.subnetMask?.description == "255.255.0.0")
            #expect(offer.options.broadcastAddress?.description == "10.88.255.255")
            #expect(offer.options.routers.map(\.description) == ["10.88.0.254"])
            #expect(offer.options.domainNameServers.isEmpty && offer.options.domainName == "far.example")
            #expect(offer.options.leaseTime == 600 && offer.options.renewalTime == 300)
            #expect(outcome.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("10.88.0.2"), port: 67))])
            #expect(outcome.probes.isEmpty)
        }
        #expect(given == ["10.88.1.10", "10.88.1.11", "10.88.2.10", "10.88.2.11"])
        #expect(try server.lease(to: PlayedClient("52:54:00:00:00:77")).description == "10.77.0.55")
    }

    @Test("by link selection (RFC 3527) before option 118 (RFC 3011) before giaddr; 118 and 82 come back, 82 last")
    func selection() throws {
        var server = try server()
        let link = relayOption((5, [10, 88, 0, 0]), (1, Array("port 7".utf8)))
        let byLink = try server.receive(relayed(1, by: "192.0.2.1", link))
        let offer = try byLink.message()
        #expect(offer.yourAddress.description == "10.88.1.10")
        #expect(offer.options.relayAgentInformation == link)
        #expect(Array(offer.options).last?.code == .relayAgentInformation)
        #expect(byLink.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("192.0.2.1"), port: 67))])

        var bySubnet = try relayed(2, by: "10.77.0.250")
        bySubnet.options[.subnetSelection] = [10, 88, 0, 0]
        let second = try server.receive(bySubnet).message()
        #expect(second.yourAddress.description == "10.88.1.11")
        #expect(second.options[.subnetSelection] == [10, 88, 0, 0])
        bySubnet.options.relayAgentInformation = relayOption((5, [10, 77, 0, 0]))
        #expect(try server.receive(bySubnet).message().yourAddress.description == "10.77.0.55")
    }

    @Test("a relay, a selection or a link that is not served is refused by name")
    func unknown() throws {
        var server = try server()
        let relay = try server.receive(relayed(by: "10.99.0.1"))
        #expect(
            relay.events.map(\.detail) == ["relay agent 10.99.0.1 is not in any of the 2 subnets that are served"])
        let link = try server.receive(relayed(by: "10.88.0.2", relayOption((5, [10, 99, 0, 0]))))
        #expect(
            link.events.map(\.detail) == [
                "relay agent 10.88.0.2 asks for the subnet of 10.99.0.0, which is not in any of the 2 subnets that are served"
            ])
        #expect(relay.replies.isEmpty && link.replies.isEmpty)
    }

    @Test("a lease is given, renewed by unicast without a relay, and follows its machine to another subnet")
    func lifetime() throws {
        var server = try server()
        let client = try PlayedClient("52:54:00:00:00:01")
        let offer = try server.receive(relayed(1)).message()
        var request = client.request(offer)
        request.relayAddress = try address("10.88.0.2")
        #expect(try server.receive(request).leases.map(\.expires) == [server.now + 600_000])
        server.now += 300_000
        var renewal = client.message(.request)
        renewal.clientAddress = offer.yourAddress
        // What a relay on the way adds to a unicast message is given back (RFC 3046, 2.1).
        renewal.options.relayAgentInformation = relayOption((1, [1, 2]), (10, [0x80]))
        let renewed = try server.receive(renewal, from: IPv4Endpoint(offer.yourAddress, port: 68))
        let ack = try renewed.message()
        #expect(ack.options.messageType == .ack && ack.options.subnetMask?.description == "255.255.0.0")
        #expect(ack.options.relayAgentInformation == renewal.options.relayAgentInformation)
        #expect(renewed.replies.map(\.destination) == [.routed(IPv4Endpoint(offer.yourAddress, port: 68))])
        let moved = try server.lease(to: client)
        #expect(moved.description == "10.77.0.55")
        #expect(try server.receive(relayed(2)).message().yourAddress.description == "10.88.1.11")
        // INIT-REBOOT in the wrong subnet.
        var reboot = client.message(.request)
        reboot.options.requestedAddress = moved
        reboot.relayAddress = try address("10.88.0.2")
        let nak = try server.receive(reboot)
        #expect(try nak.message().options.messageType == .nak)
        #expect(try nak.message().wantsBroadcast)
        #expect(nak.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("10.88.0.2"), port: 67))])
    }

    @Test(
        "the time that a client asks for, within the bounds of its subnet",
        arguments: [(60, 120), (700, 700), (9000, 1200), (UInt32.max, 1200)] as [(UInt32, UInt32)])
    func leaseTimes(wish: UInt32, given: UInt32) throws {
        var server = try server()
        var discover = try relayed()
        discover.options.leaseTime = wish
        let offer = try server.receive(discover).message()
        #expect(offer.options.leaseTime == given && offer.options.rebindingTime == given * 7 / 8)
        var request = try PlayedClient("52:54:00:00:00:01").request(offer)
        request.relayAddress = discover.relayAddress
        request.options.leaseTime = wish
        let outcome = try server.receive(request)
        #expect(try outcome.message().options.leaseTime == given)
        #expect(outcome.leases.map(\.expires) == [server.now + Int64(given) * 1000])
        // The own subnet has one time for all.
        var near = try PlayedClient("52:54:00:00:00:09").discover()
        near.options.leaseTime = wish
        #expect(try server.receive(near).message().options.leaseTime == 3600)
    }

    @Test("server identifier override (RFC 5107) becomes option 54 and counts as ours; RFC 8357 sets the port")
    func override() throws {
        var server = try server()
        let option = relayOption((11, [10, 88, 0, 2]), (19, []))
        let source = IPv4Endpoint(try address("10.88.0.2"), port: 1067)
        let outcome = try server.receive(relayed(1, option), from: source)
        let offer = try outcome.message()
        #expect(offer.options.serverIdentifier?.description == "10.88.0.2")
        #expect(outcome.replies.map(\.destination) == [.routed(source)])
        var request = try PlayedClient("52:54:00:00:00:01").request(offer)
        request.relayAddress = source.address
        request.options.relayAgentInformation = option
        let ack = try server.receive(request, from: source)
        #expect(try ack.message().options.messageType == .ack)
        // Without a relay nobody may speak for the server.
        request.relayAddress = .any
        request.transactionID += 1
        #expect(try server.receive(request).replies.isEmpty)
    }

    @Test("subnets of one shared network: the relay's first, then the other; the mask is the address's")
    func shared() throws {
        var server = try server { settings in
            settings.link.sharedNetwork = "hall"
            settings.subnets[0].sharedNetwork = "hall"
        }
        var given: [String: String] = [:]
        for number in 1...8 {
            let offer = try server.receive(PlayedClient("52:54:00:00:00:0\(number)").discover()).message()
            given[offer.yourAddress.description] = offer.options.subnetMask?.description
        }
        #expect(given.count == 8)
        #expect(given.filter { $0.key.hasPrefix("10.77") }.values.allSatisfy { $0 == "255.255.255.0" })
        #expect(given["10.88.2.11"] == "255.255.0.0")
        let kept = try server.receive(relayed(1)).message()
        #expect(kept.yourAddress.description == "10.77.0.55")
    }

    @Test("force-broadcast: also to clients that take unicast")
    func broadcast() throws {
        var server = try PlayedServer(settings: { $0.forcesBroadcast = true })
        #expect(try server.receive(PlayedClient().discover()).replies.map(\.destination) == [.broadcast])
        var quiet = try PlayedServer()
        let outcome = try quiet.receive(PlayedClient().discover())
        #expect(
            outcome.replies.map(\.destination) == [.link(try PlayedClient().mac, try outcome.message().yourAddress)])
    }
}
