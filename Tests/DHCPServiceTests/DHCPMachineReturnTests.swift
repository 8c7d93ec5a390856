import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: DECLINE, RELEASE, INFORM")
struct DHCPMachineReturnTests {
    @Test("a declined address is set aside for ten minutes; the machine gets another one")
    func decline() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.56")
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        var decline = client.message(.decline)
        decline.options.serverIdentifier = try address("10.77.0.1")
        decline.options.requestedAddress = held
        let outcome = try server.receive(decline)
        #expect(outcome.replies.isEmpty)
        #expect(outcome.leases == [Lease(mac: client.mac, address: held, expires: server.now)])
        #expect(
            outcome.events.map(\.detail) == [
                "10.77.0.55 was declined: another host uses it; it is set aside for 600 s"
            ])
        #expect(try server.lease(to: client).description == "10.77.0.56")
        #expect(try server.receive(PlayedClient("52:54:00:00:00:02").discover()).replies.isEmpty)
        server.now += 600_000
        #expect(try server.lease(to: PlayedClient("52:54:00:00:00:02")).description == "10.77.0.55")
    }

    @Test("nobody declines or releases what is not his, or another server's")
    func foreign() throws {
        var server = try PlayedServer()
        let owner = try PlayedClient("52:54:00:00:00:01")
        let held = try server.lease(to: owner)
        for type in [DHCPMessageType.decline, .release] {
            var stolen = try PlayedClient("52:54:00:00:00:02").message(type)
            stolen.options.requestedAddress = held
            stolen.clientAddress = type == .release ? held : .any
            let refused = try server.receive(stolen)
            #expect(refused.actions.count == 1 && refused.events.map(\.kind) == [.refused])
            var elsewhere = owner.message(type)
            elsewhere.options.requestedAddress = held
            elsewhere.clientAddress = type == .release ? held : .any
            elsewhere.options.serverIdentifier = try address("10.77.0.99")
            let detail = "a \(type) for the DHCP server 10.77.0.99"
            #expect(try server.receive(elsewhere).events.map(\.detail) == [detail])
        }
        #expect(server.machine.pool.hasLease(owner.mac, at: server.now))
    }

    @Test("a released address is free for others, and its machine's own if nobody took it")
    func release() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.55")
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        var release = client.message(.release)
        release.clientAddress = held
        release.options.serverIdentifier = try address("10.77.0.1")
        let outcome = try server.receive(release)
        #expect(outcome.actions == [.commit(Lease(mac: client.mac, address: held, expires: server.now))])
        #expect(try server.lease(to: client) == held)
        _ = try server.receive(release)
        #expect(try server.lease(to: PlayedClient("52:54:00:00:00:02")) == held)
    }

    @Test("INFORM: options to the address in use, no lease")
    func inform() throws {
        var server = try PlayedServer()
        var inform = try PlayedClient().message(.inform)
        inform.clientAddress = try address("10.77.0.200")
        let outcome = try server.receive(inform)
        let ack = try outcome.message()
        #expect(ack.options.messageType == .ack)
        #expect(ack.yourAddress == .any)
        #expect(ack.options.leaseTime == nil && ack.options.renewalTime == nil && ack.options.rebindingTime == nil)
        #expect(ack.options.subnetMask?.description == "255.255.255.0")
        #expect(outcome.replies[0].destination == .routed(IPv4Endpoint(inform.clientAddress, port: 68)))
        #expect(outcome.leases.isEmpty)
        inform.clientAddress = try address("8.8.8.8")
        let foreign = try server.receive(inform)
        #expect(foreign.replies.isEmpty && foreign.events.map(\.kind) == [.refused])
    }
}

@Suite("DHCPMachine: boot server requests on port 4011")
struct DHCPMachineBootServerTests {
    private func request(_ options: @escaping @Sendable (inout DHCPOptions) -> Void) throws -> DHCPMessage {
        var request = try PlayedClient(as: options).message(.request)
        request.clientAddress = try address("10.77.0.57")
        request.options[.clientMachine] = [0] + (1...16)
        return request
    }

    @Test("firmware gets its file, at the port that it sent from")
    func binl() throws {
        var server = try PlayedServer()
        let source = IPv4Endpoint(try address("10.77.0.57"), port: 4011)
        var request = try request(PlayedClient.uefiROM)
        request.options.pxe = {
            var pxe = PXEOptions()
            pxe.bootItem = .init(type: 0, layer: 0)
            return pxe
        }()
        let outcome = try server.receive(request, from: source, on: .bootServer)
        #expect(outcome.replies.map(\.destination) == [.routed(source)])
        #expect(outcome.replies.map(\.source) == [.bootServer])
        #expect(outcome.actions.count == 1)
        let ack = try outcome.message()
        #expect(ack.options.messageType == .ack)
        #expect(ack.transactionID == request.transactionID)
        #expect(ack.clientAddress == request.clientAddress && ack.yourAddress == .any)
        #expect(ack.options.leaseTime == nil && ack.options.subnetMask == nil)
        #expect(ack.options.serverIdentifier?.description == "10.77.0.1")
        #expect(ack.nextServer.description == "10.77.0.1" && ack.bootFile == "snponly.efi")
        #expect(ack.options.bootFileName == "snponly.efi" && ack.options.vendorClass == "PXEClient")
        #expect(ack.options.pxe?.discoveryControl == .bootFileAtOnce)
        #expect(ack.options.pxe?.bootItem == .init(type: 0, layer: 0))
        #expect(ack.options[.clientMachine] == request.options[.clientMachine])
    }

    @Test("a BIOS ROM gets its file too, with the class that every boot server's answer has")
    func bios() throws {
        var server = try PlayedServer()
        let source = IPv4Endpoint(try address("10.77.0.57"), port: 68)
        let ack = try server.receive(request(PlayedClient.biosROM), from: source, on: .bootServer).message()
        #expect(ack.bootFile == "undionly.kpxe" && ack.options.vendorClass == "PXEClient")
    }

    @Test("the loader that was given here is known when it asks")
    func chained() throws {
        var server = try PlayedServer()
        let source = IPv4Endpoint(try address("10.77.0.57"), port: 4011)
        _ = try server.receive(request(PlayedClient.uefiROM), from: source, on: .bootServer)
        let chained = try server.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxe).discover())
        #expect(chained.events.map(\.kind) == [.offered])
    }

    @Test("no answer leaves the subnet, and none goes to an ignored machine or to a DISCOVER")
    func refused() throws {
        var server = try PlayedServer()
        let far = IPv4Endpoint(try address("8.8.8.8"), port: 4011)
        let near = IPv4Endpoint(try address("10.77.0.57"), port: 4011)
        let foreign = try server.receive(request(PlayedClient.uefiROM), from: far, on: .bootServer)
        #expect(foreign.replies.isEmpty && foreign.events.map(\.kind) == [.refused])
        let discover = try PlayedClient(as: PlayedClient.uefiROM).discover()
        #expect(try server.receive(discover, from: near, on: .bootServer).replies.isEmpty)
        var closed = try PlayedServer(verdict: { _ in .ignored(reason: "no") })
        #expect(try closed.receive(request(PlayedClient.uefiROM), from: near, on: .bootServer).replies.isEmpty)
    }
}
