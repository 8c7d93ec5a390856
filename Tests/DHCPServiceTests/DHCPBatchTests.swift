import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPBatch")
struct DHCPBatchTests {
    /// Two machines' REQUESTs and a third one's DISCOVER, as one batch.
    private func batch() throws -> (DHCPBatch, PlayedServer) {
        var server = try PlayedServer(verdict: { _ in .known(name: "n") })
        let clients = try (1...3).map { try PlayedClient("52:54:00:00:00:0\($0)") }
        let offers = try clients.prefix(2).map { try server.receive($0.discover()).message() }
        var batch = DHCPBatch()
        for (client, offer) in zip(clients, offers) { batch.add(try server.receive(client.request(offer)).actions) }
        batch.add(try server.receive(clients[2].discover()).actions)
        return (batch, server)
    }

    private func types(_ actions: [DHCPAction]) throws -> [DHCPMessageType?] {
        try PlayedServer.Outcome(actions: actions).replies.map {
            try DHCPMessage(decoding: $0.bytes).options.messageType
        }
    }

    @Test("offers wait for nothing, ACKs for all leases at once")
    func success() throws {
        let (batch, _) = try batch()
        #expect(try types(batch.immediate) == [.offer])
        #expect(batch.leases.map(\.address.description) == ["10.77.0.55", "10.77.0.56"])
        #expect(try types(batch.afterCommit) == [.ack, .ack])
        #expect(PlayedServer.Outcome(actions: batch.afterCommit).events.map(\.kind) == [.leased, .leased])
    }

    @Test("where the leases cannot be stored no ACK leaves, and each machine has the reason on record")
    func failure() throws {
        let (batch, server) = try batch()
        let outcome = PlayedServer.Outcome(actions: batch.afterFailedCommit("disk full", at: server.now))
        #expect(outcome.replies.isEmpty && outcome.leases.isEmpty)
        #expect(outcome.events.map(\.kind) == [.refused, .refused])
        #expect(
            outcome.events.map(\.detail) == [
                "no DHCPACK for 10.77.0.55: its lease could not be stored: disk full",
                "no DHCPACK for 10.77.0.56: its lease could not be stored: disk full",
            ])
    }

    @Test("the client that got no ACK asks again and gets the same address")
    func retry() throws {
        var (_, server) = try batch()
        let client = try PlayedClient("52:54:00:00:00:01")
        #expect(try server.lease(to: client).description == "10.77.0.55")
    }
}
