import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: storms")
struct DHCPMachineStormTests {
    @Test("a copy of a message gets the same answer, without another event; `secs` may have counted on")
    func copies() throws {
        var server = try PlayedServer(verdict: { _ in .known(name: "n1") })
        let rom = try PlayedClient(as: PlayedClient.biosROM)
        let first = try server.receive(rom.discover())
        #expect(first.events.count == 2)
        server.now += 2000
        var copy = rom.discover()
        copy.secs = 2
        let second = try server.receive(copy)
        #expect(second.actions == [.send(first.replies[0])])
        server.now += 3000
        #expect(try server.receive(rom.discover()).replies.count == 1)
    }

    @Test("an ACK is said again only when its lease is on stable storage, and then without another commit")
    func committed() throws {
        var server = try PlayedServer()
        server.storesAtOnce = false
        let client = try PlayedClient()
        let request = client.request(try server.receive(client.discover()).message())
        let first = try server.receive(request)
        #expect(first.leases.count == 1)
        #expect(try server.receive(request).actions.isEmpty)
        server.machine.committed(through: server.machine.commits)
        #expect(try server.receive(request).actions == [.send(first.replies[0])])
    }

    @Test("where the lease could not be stored, the copy is a request like any other")
    func failed() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        let request = client.request(try server.receive(client.discover()).message())
        _ = try server.receive(request)
        server.machine.forgetAnswers()
        #expect(try server.receive(request).leases.count == 1)
    }

    @Test("what changed since is not hidden by a copy: another message, a release, a conflict, other settings")
    func changed() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        let request = client.request(try server.receive(client.discover()).message())
        let held = try server.receive(request).message().yourAddress
        server.machine.committed(through: server.machine.commits)
        var release = client.message(.release)
        release.clientAddress = held
        _ = try server.receive(release)
        #expect(try server.receive(request).leases.count == 1)

        let other = try PlayedClient("52:54:00:00:00:02")
        let offer = try server.receive(other.discover()).message()
        _ = server.machine.conflict(offer.yourAddress, with: MACAddress(value: 0x0200_0000_0099), at: server.now)
        #expect(try server.receive(other.discover()).message().yourAddress != offer.yourAddress)

        var settings = server.machine.settings
        settings.link.domain = "new.example"
        _ = try server.machine.apply(settings, at: server.now)
        #expect(try server.receive(other.discover()).message().options.domainName == "new.example")
    }

    @Test("a copy by another relay goes to that relay")
    func relays() throws {
        var server = try PlayedServer()
        var discover = try PlayedClient().discover()
        for relay in ["10.77.0.250", "10.77.0.251"] {
            discover.relayAddress = try address(relay)
            let source = IPv4Endpoint(discover.relayAddress, port: 67)
            #expect(try server.receive(discover, from: source).replies.map(\.destination) == [.routed(source)])
        }
    }

    @Test("a machine that floods is answered twenty times a second, told of once with the count, and hinders nobody")
    func flood() throws {
        var server = try PlayedServer()
        let bad = try PlayedClient("52:54:00:00:00:66")
        var answered = 0
        var events: [String] = []
        for tick in 0..<5000 as Range<Int64> {
            for copy in 0..<2 as Range<UInt32> {
                var discover = bad.discover()
                discover.transactionID = UInt32(tick) << 1 | copy
                let outcome = try server.receive(discover)
                answered += outcome.replies.count
                events += outcome.events.map(\.detail)
            }
            if tick.isMultiple(of: 1000) {
                #expect(
                    try server.receive(PlayedClient("52:54:00:00:00:0\(tick / 1000 + 1)").discover()).replies.count <= 1
                )
            }
            server.now += 1
        }
        #expect((130...145).contains(answered))
        #expect(events.count == 1)
        #expect(
            events.first?.contains("messages within 1 s were dropped: a machine may send 40 at once and 20 a second")
                == true)
        // The rest is told by whoever comes next.
        server.now += 60_000
        let next = try server.receive(PlayedClient("52:54:00:00:00:07").discover())
        #expect(next.events.map(\.node) == [bad.mac])
        #expect(try server.receive(bad.discover()).replies.count == 1)
    }

    @Test("a clock that is set back shuts nobody out")
    func clock() throws {
        var server = try PlayedServer()
        let client = try PlayedClient()
        for number in 0..<60 as Range<UInt32> {
            var discover = client.discover()
            discover.transactionID = number
            _ = try server.receive(discover)
        }
        server.now -= 86_400_000
        #expect(try server.receive(client.discover()).replies.count == 1)
    }

    @Test("what waited longer than its sender did is left, with the reason")
    func late() throws {
        var server = try PlayedServer()
        let bytes = try PlayedClient().discover().encoded()
        let source = IPv4Endpoint(.any, port: 68)
        let late = PlayedServer.Outcome(
            actions: server.machine.receive(bytes, from: source, on: .server, at: server.now, waited: 4001))
        #expect(
            late.events.map(\.detail) == [
                "a message waited 4 s for the server, and is left unanswered: its sender has asked again"
            ])
        #expect(late.replies.isEmpty)
        let soon = server.machine.receive(bytes, from: source, on: .server, at: server.now, waited: 4000)
        #expect(PlayedServer.Outcome(actions: soon).replies.count == 1)
    }

    @Test("what is remembered is bounded, however many machines are invented")
    func bounded() throws {
        var memory = ClientMemory(generationSize: 16)
        for number in 0..<1000 as Range<UInt64> { memory.keep(ClientRecord(), of: MACAddress(value: number)) }
        #expect(memory.count <= 32)
        #expect(memory[MACAddress(value: 999)] != nil)
        var floods = FloodReports()
        for number in 0..<1000 as Range<UInt64> {
            var pace = ClientPace()
            for _ in 0...ClientPace.burst { _ = pace.take(at: 0) }
            floods.note(MACAddress(value: number), pace, at: 0)
        }
        #expect(floods.takeDue(at: 5000).count == 256)
    }
}
