import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: one boot")
struct DHCPMachineBootTests {
    @Test("one machine has one address from its ROM to its runtime OS, whatever its programs call themselves")
    func oneAddress() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.255", verdict: { _ in .known(name: "n1") })
        // Another machine in between, so that the next free address is not the same one by chance.
        let rom = try server.lease(to: PlayedClient(transactionID: 1, as: PlayedClient.uefiROM))
        _ = try server.lease(to: PlayedClient("52:54:00:00:00:02"))
        let loader = try server.lease(to: PlayedClient(transactionID: 2, as: PlayedClient.ipxe))
        let agent = try server.lease(to: PlayedClient(transactionID: 3, as: PlayedClient.agent))
        server.now += 10_000_000
        let system = try server.lease(to: PlayedClient(transactionID: 4, as: PlayedClient.system))
        #expect([loader, agent, system] == [rom, rom, rom])
    }

    @Test("leases survive the server: the same address after a restart, none given twice")
    func survival() throws {
        var server = try PlayedServer()
        var stored: [MACAddress: Lease] = [:]
        let clients = try (1...3).map { try PlayedClient("52:54:00:00:00:0\($0)") }
        for client in clients {
            let offer = try server.receive(client.discover()).message()
            for lease in try server.receive(client.request(offer)).leases { stored[lease.mac] = lease }
        }
        // In another order than before, and the newcomer first.
        var restarted = try PlayedServer(leases: Array(stored.values))
        let newcomer = try restarted.lease(to: PlayedClient("52:54:00:00:00:09"))
        #expect(newcomer.description == "10.77.0.58")
        for client in clients.reversed() {
            #expect(try restarted.lease(to: client) == stored[client.mac]?.address)
        }
    }

    @Test("iPXE without HTTP in ROM: chained, and the one that comes then is known as chained")
    func chain() throws {
        var server = try PlayedServer()
        let rom = try PlayedClient(transactionID: 1, as: PlayedClient.ipxeWithoutHTTP)
        let offer = try server.receive(rom.discover()).message()
        #expect(offer.bootFile == "undionly.kpxe")
        _ = try server.receive(rom.request(offer))
        server.now += 5000
        let chained = try server.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxe).discover())
        #expect(try chained.message().bootFile == "http://10.77.0.1:8987/boot/script/52-54-00-12-34-56.ipxe")
        #expect(chained.events.map(\.kind) == [.offered])
    }

    @Test("a loader that lacks HTTP too gets the script by TFTP: no loop")
    func loop() throws {
        var server = try PlayedServer()
        _ = try server.lease(to: PlayedClient(transactionID: 1, as: PlayedClient.ipxeWithoutHTTP))
        server.now += 5000
        let again = try server.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxeWithoutHTTP).discover())
        #expect(try again.message().bootFile == "boot/script/52-54-00-12-34-56.ipxe")
        #expect(again.events.map(\.kind) == [.offered])
        server.now += 120_000
        let later = try server.receive(PlayedClient(transactionID: 3, as: PlayedClient.ipxeWithoutHTTP).discover())
        #expect(try later.message().bootFile == "undionly.kpxe")
        #expect(later.events.map(\.kind) == [.discovered, .offered])
    }

    @Test("an iPXE ROM that was switched on again begins a new attempt: its script is no loader")
    func romAgain() throws {
        var server = try PlayedServer()
        _ = try server.lease(to: PlayedClient(transactionID: 1, as: PlayedClient.ipxe))
        server.now += 5000
        let again = try server.receive(PlayedClient(transactionID: 2, as: PlayedClient.ipxe).discover())
        #expect(again.events.map(\.kind) == [.discovered, .offered])
    }

    @Test("firmware that was switched on again begins a new attempt, even within two minutes of its loader")
    func firmwareAgain() throws {
        var server = try PlayedServer()
        _ = try server.lease(to: PlayedClient(transactionID: 1, as: PlayedClient.uefiROM))
        server.now += 5000
        let again = try server.receive(PlayedClient(transactionID: 2, as: PlayedClient.uefiROM).discover())
        #expect(again.events.map(\.kind) == [.discovered, .offered])
    }
}

@Suite("DHCPMachine: policy")
struct DHCPMachinePolicyTests {
    private static let disabled: @Sendable (MACAddress) -> NodeVerdict = { _ in .ignored(reason: "node n1 is disabled")
    }

    @Test(
        "boot programs of an ignored machine get no answer, and the reason is on record",
        arguments: [
            (PlayedClient.biosROM, "PXE ROM in BIOS (arch 0): node n1 is disabled"),
            (PlayedClient.agent, "agent:stage1: node n1 is disabled"),
        ])
    func ignored(options: @escaping @Sendable (inout DHCPOptions) -> Void, detail: String) throws {
        var server = try PlayedServer(verdict: Self.disabled)
        let client = try PlayedClient(as: options)
        var request = client.message(.request)
        request.options.requestedAddress = try address("10.77.0.55")
        var inform = client.message(.inform)
        inform.clientAddress = try address("10.77.0.55")
        for message in [client.discover(), request, inform] {
            let outcome = try server.receive(message)
            #expect(outcome.replies.isEmpty && outcome.leases.isEmpty)
            #expect(outcome.events.map(\.kind) == [.refused])
            #expect(outcome.events.first?.detail == detail)
        }
    }

    @Test("its operating system gets an address all the same, and a bare client no boot fields")
    func ignoredSystem() throws {
        var server = try PlayedServer(verdict: Self.disabled)
        #expect(try server.lease(to: PlayedClient()).description == "10.77.0.55")
        let bare = try PlayedClient("52:54:00:00:00:02") { _ in }
        let offer = try server.receive(bare.discover()).message()
        #expect(offer.nextServer == .any && offer.serverName.isEmpty)
        var open = try PlayedServer()
        #expect(try open.receive(bare.discover()).message().nextServer.description == "10.77.0.1")
    }

    @Test("a machine that there is no loader for has an attempt that says so, and no address")
    func noLoader() throws {
        var server = try PlayedServer()
        let client = try PlayedClient {
            $0.vendorClass = "PXEClient:Arch:00014:UNDI:003000"
            $0.clientArchitectures = [ClientArchitecture(rawValue: 14)]
        }
        let outcome = try server.receive(client.discover())
        #expect(outcome.replies.isEmpty)
        #expect(outcome.events.map(\.kind) == [.discovered, .refused])
        #expect(
            outcome.events.last?.detail
                == "PXE firmware in PowerPC (arch 14): there is no loader for this architecture")
    }

    @Test("a system's lease is on the timeline of a node and of nobody else")
    func systemLease() throws {
        for (verdict, kinds) in [(NodeVerdict.known(name: "n1"), [BootEvent.Kind.leased]), (.unknown, [])] {
            var server = try PlayedServer(verdict: { _ in verdict })
            let client = try PlayedClient()
            let offer = try server.receive(client.discover()).message()
            #expect(try server.receive(client.request(offer)).events.map(\.kind) == kinds)
        }
    }
}
