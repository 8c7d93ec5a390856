import BootProtocols
import Testing

@testable import DHCPService

@Suite("DHCPMachine: leasequery")
struct DHCPMachineLeaseQueryTests {
    private let relay = IPv4Endpoint(IPv4Address(value: 0x0a4d_00fa), port: 67)

    private func ask(
        _ server: inout PlayedServer, mac: MACAddress = MACAddress(value: 0),
        _ change: (inout DHCPMessage) throws -> Void = { _ in }
    ) throws -> PlayedServer.Outcome {
        var query = DHCPMessage(.request, transactionID: 9, mac: mac)
        query.relayAddress = relay.address
        query.options[.messageType] = [10]
        try change(&query)
        var bytes = try query.encoded()
        if mac.value == 0 { bytes.replaceSubrange(1...2, with: [0, 0]) }
        return PlayedServer.Outcome(actions: server.machine.receive(bytes, from: relay, on: .server, at: server.now))
    }

    @Test("by address, MAC and client identifier: whose it is and for how long")
    func active() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        let held = try server.lease(to: client)
        server.now += 600_000
        let answers = [
            try ask(&server) { $0.clientAddress = held }, try ask(&server, mac: client.mac),
            try ask(&server) { $0.options.clientIdentifier = [1] + client.mac.octets[...] },
        ]
        for outcome in answers {
            #expect(outcome.replies.map(\.destination) == [.routed(relay)])
            let answer = try outcome.message()
            #expect(answer.options[.messageType] == [13])
            #expect(answer.clientAddress == held && answer.mac == client.mac && answer.transactionID == 9)
            #expect(answer.options.leaseTime == 3000 && answer.options.serverIdentifier?.description == "10.77.0.1")
        }
    }

    @Test("an address that is free is unassigned, all else unknown, with no hardware where none was named")
    func others() throws {
        var server = try PlayedServer()
        _ = try server.receive(PlayedClient().discover())
        let cases: [(UInt8, (inout DHCPMessage) throws -> Void)] = [
            (11, { $0.clientAddress = try address("10.77.0.57") }),
            (11, { $0.clientAddress = try address("10.77.0.55") }),
            (12, { $0.clientAddress = try address("10.77.0.99") }), (12, { $0.clientAddress = try address("8.8.8.8") }),
            (12, { $0.options.clientIdentifier = [255, 1, 2, 3] }),
        ]
        for (type, change) in cases {
            let bytes = try #require(try ask(&server, change).replies.first?.bytes)
            #expect(bytes[240..<243] == [53, 1, type] && bytes[1...2] == [0, 0])
        }
        #expect(try ask(&server, mac: PlayedClient().mac).message().options[.messageType] == [12])
    }

    @Test("nobody but a relay agent of a subnet that is served is answered, and not without end")
    func refused() throws {
        var server = try PlayedServer()
        let mac = try PlayedClient().mac
        for address in ["0.0.0.0", "10.99.0.1", "10.77.0.1"] {
            let outcome = try ask(&server, mac: mac) { $0.relayAddress = try DHCPServiceTests.address(address) }
            #expect(outcome.replies.isEmpty && outcome.events.count == 1)
        }
        let answered = try (0..<100).map { _ in try ask(&server, mac: mac).replies.count }.reduce(0, +)
        #expect(answered == Int(ClientPace.burst))
    }
}
