import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: REQUEST")
struct DHCPMachineRequestTests {
    private func expectNAK(_ outcome: PlayedServer.Outcome, _ reason: String) throws {
        let nak = try outcome.message()
        #expect(nak.options.messageType == .nak)
        #expect(nak.yourAddress == .any)
        #expect(nak.options.leaseTime == nil)
        #expect(nak.options.serverIdentifier?.description == "10.77.0.1")
        #expect(nak.options.message == reason)
        #expect(outcome.replies[0].destination == .broadcast)
        #expect(outcome.leases.isEmpty)
        #expect(outcome.events.map(\.kind) == [.refused])
    }

    @Test("SELECTING: the lease is committed before the ACK is sent, and the ACK before it is on record")
    func selecting() throws {
        var server = try PlayedServer(verdict: { _ in .known(name: "n1") })
        let client = try PlayedClient()
        let offer = try server.receive(client.discover()).message()
        let outcome = try server.receive(client.request(offer))
        let lease = Lease(mac: client.mac, address: offer.yourAddress, expires: server.now + 3_600_000)
        try #require(outcome.actions.count == 3)
        #expect(outcome.actions[0] == .commit(lease))
        #expect(outcome.actions[1] == .send(outcome.replies[0]))
        #expect(outcome.events.map(\.kind) == [.leased])
        #expect(try outcome.message().options.messageType == .ack)
    }

    @Test("SELECTING another server frees the offer, and says nothing")
    func otherServer() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        let client = try PlayedClient()
        var request = client.request(try server.receive(client.discover()).message())
        request.options.serverIdentifier = try address("10.77.0.99")
        let outcome = try server.receive(request)
        #expect(outcome.actions == outcome.events.map(DHCPAction.record))
        #expect(outcome.events.map(\.detail) == ["this machine chose the DHCP server 10.77.0.99"])
        let other = try PlayedClient("52:54:00:00:00:02")
        #expect(try server.receive(other.discover()).message().yourAddress.description == "10.77.0.55")
    }

    @Test("a lease that another server's choice leaves alone stays")
    func otherServerKeepsLease() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        let client = try PlayedClient()
        _ = try server.lease(to: client)
        var request = client.message(.request)
        request.options.serverIdentifier = try address("10.77.0.99")
        request.options.requestedAddress = try address("10.77.0.200")
        let outcome = try server.receive(request)
        #expect(outcome.actions == outcome.events.map(DHCPAction.record))
        #expect(outcome.events.map(\.detail) == ["this machine chose the DHCP server 10.77.0.99"])
        #expect(try server.receive(PlayedClient("52:54:00:00:00:02").discover()).replies.isEmpty)
    }

    @Test("INIT-REBOOT: the address that the machine had")
    func initReboot() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        let first = try server.lease(to: client)
        var request = client.message(.request)
        request.transactionID += 1
        request.options.requestedAddress = first
        let ack = try server.receive(request).message()
        #expect(ack.options.messageType == .ack && ack.yourAddress == first)
    }

    @Test("INIT-REBOOT after the server lost its record: a free address of the pool is kept")
    func initRebootWithoutRecord() throws {
        var server = try PlayedServer()
        var request = try PlayedClient().message(.request)
        request.options.requestedAddress = try address("10.77.0.57")
        let outcome = try server.receive(request)
        #expect(outcome.leases.map(\.address.description) == ["10.77.0.57"])
        #expect(try outcome.message().options.messageType == .ack)
    }

    @Test(
        "INIT-REBOOT with a wrong address: NAK by an authoritative server, silence by another",
        arguments: [
            ("192.168.1.9", "192.168.1.9 is not in 10.77.0.0/24"),
            ("10.77.0.99", "10.77.0.99 is not in the pool 10.77.0.55-10.77.0.58"),
            ("10.77.0.55", "10.77.0.55 is another machine's"),
        ])
    func wrongAddress(wish: String, reason: String) throws {
        for isAuthoritative in [true, false] {
            var server = try PlayedServer(settings: { $0.isAuthoritative = isAuthoritative })
            _ = try server.lease(to: PlayedClient("52:54:00:00:00:01"))
            var request = try PlayedClient("52:54:00:00:00:02").message(.request)
            request.options.requestedAddress = try address(wish)
            let outcome = try server.receive(request)
            if isAuthoritative {
                try expectNAK(outcome, reason)
                #expect(outcome.events.first?.detail == "DHCPNAK: \(reason)")
            } else {
                #expect(outcome.replies.isEmpty)
                #expect(outcome.events.first?.detail.contains(reason) == true)
            }
        }
    }

    @Test("a machine with a lease cannot have another address besides")
    func secondAddress() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        _ = try server.lease(to: client)
        var request = client.message(.request)
        request.options.requestedAddress = try address("10.77.0.58")
        try expectNAK(server.receive(request), "this machine's address is 10.77.0.55, not 10.77.0.58")
    }

    @Test("who asks us by name gets its NAK even where we are not authoritative")
    func nakByName() throws {
        var server = try PlayedServer(settings: { $0.isAuthoritative = false })
        var request = try PlayedClient().message(.request)
        request.options.requestedAddress = try address("192.168.1.9")
        request.options.serverIdentifier = try address("10.77.0.1")
        try expectNAK(server.receive(request), "192.168.1.9 is not in 10.77.0.0/24")
    }

    @Test("RENEWING: extended from now, by unicast to the address in use and its MAC, and no new line in the timeline")
    func renewing() throws {
        var server = try PlayedServer(verdict: { _ in .known(name: "n1") })
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        server.now += 1_800_000
        var request = client.message(.request)
        request.transactionID += 1
        request.clientAddress = held
        let outcome = try server.receive(request, from: IPv4Endpoint(held, port: 68))
        let ack = try outcome.message()
        #expect(ack.options.messageType == .ack)
        #expect(ack.yourAddress == held && ack.clientAddress == held)
        #expect(outcome.replies[0].destination == .link(client.mac, held))
        // Another source than the address in use: whose MAC is there, the kernel finds out.
        server.now += 6000
        let odd = try server.receive(request, from: IPv4Endpoint(.any, port: 68))
        #expect(odd.replies[0].destination == .routed(IPv4Endpoint(held, port: 68)))
        server.now -= 6000
        #expect(outcome.leases.map(\.expires) == [server.now + 3_600_000])
        #expect(outcome.events.isEmpty)
    }

    @Test("RENEWING and REBINDING an address that is another's by now: NAK")
    func renewingLost() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        let first = try PlayedClient("52:54:00:00:00:01")
        let held = try server.lease(to: first)
        server.now += 3_600_000
        _ = try server.lease(to: PlayedClient("52:54:00:00:00:02"))
        var request = first.message(.request)
        request.clientAddress = held
        try expectNAK(server.receive(request), "10.77.0.55 is another machine's")
    }

    @Test("a REQUEST that names no address is refused")
    func nothing() throws {
        var server = try PlayedServer()
        let outcome = try server.receive(PlayedClient().message(.request))
        #expect(outcome.replies.isEmpty && outcome.events.map(\.kind) == [.refused])
    }

    @Test("a repeated REQUEST is answered again as it was")
    func repeated() throws {
        var server = try PlayedServer()
        let rom = try PlayedClient(as: PlayedClient.ipxeWithoutHTTP)
        let offer = try server.receive(rom.discover()).message()
        let first = try server.receive(rom.request(offer)).message()
        server.now += 500
        let second = try server.receive(rom.request(offer)).message()
        #expect(first == second)
        #expect(second.bootFile == "undionly.kpxe")
    }
}
