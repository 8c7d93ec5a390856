import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: reservations")
struct DHCPMachineReservationTests {
    private static let mac = MACAddress(value: 0x5254_0000_0001)
    private static let uuid: [UInt8] = Array(1...16)

    private func server(_ reservations: DHCPReservation..., pool: String = "10.77.0.55-10.77.0.58") throws
        -> PlayedServer
    {
        try PlayedServer(pool: pool, settings: { $0.reservations = reservations })
    }

    private func reservation(_ key: DHCPReservation.Key, _ text: String) throws -> DHCPReservation {
        DHCPReservation(key, address: try address(text), origin: "test")
    }

    private func client(
        _ number: Int, as options: @escaping @Sendable (inout DHCPOptions) -> Void = PlayedClient.system
    ) throws -> PlayedClient {
        try PlayedClient("52:54:00:00:00:0\(number)", as: options)
    }

    @Test("by MAC, inside a pool or not: the machine gets it, nobody else does, not by wish and not by INIT-REBOOT")
    func byMAC() throws {
        for text in ["10.77.0.55", "10.77.0.200"] {
            var server = try server(reservation(.mac(Self.mac), text))
            for number in 2...4 {
                var discover = try client(number).discover()
                discover.options.requestedAddress = try address(text)
                #expect(try server.receive(discover).message().yourAddress.description != text)
            }
            var stolen = try client(5).message(.request)
            stolen.options.requestedAddress = try address(text)
            #expect(try server.receive(stolen).message().options.messageType == .nak)
            let offered = try server.receive(client(1).discover())
            #expect(offered.probes == [try address(text)])
            #expect(try server.lease(to: client(1)).description == text)
        }
    }

    @Test("by UUID, client-id, circuit-id, remote-id and both: whoever shows it")
    func byOther() throws {
        let keys: [(DHCPReservation.Key, @Sendable (inout DHCPOptions) -> Void)] = [
            (.machine(Self.uuid), { $0[.clientMachine] = [0] + Self.uuid[...] }),
            (.clientIdentifier([255, 9]), { $0.clientIdentifier = [255, 9] }),
            (.circuit(id: [1, 7], remote: nil), { $0.relayAgentInformation = relayOption((1, [1, 7]), (2, [9])) }),
            (.circuit(id: nil, remote: [9]), { $0.relayAgentInformation = relayOption((1, [1, 7]), (2, [9])) }),
            (.circuit(id: [1, 7], remote: [9]), { $0.relayAgentInformation = relayOption((1, [1, 7]), (2, [9])) }),
        ]
        for (key, show) in keys {
            var server = try server(reservation(key, "10.77.0.99"))
            #expect(try server.lease(to: client(1)).description == "10.77.0.55")
            #expect(try server.lease(to: client(2, as: show)).description == "10.77.0.99")
            // Another program of the same machine does not show it, and has the same address all the same.
            server.now += 1000
            #expect(try server.lease(to: client(2)).description == "10.77.0.99")
            var renewal = try client(2).message(.request)
            renewal.clientAddress = try address("10.77.0.99")
            #expect(try server.receive(renewal).message().options.messageType == .ack)
            // Another card of the same machine, or another machine at the same port, takes it over at once.
            server.now += 1000
            #expect(try server.lease(to: client(3, as: show)).description == "10.77.0.99")
            #expect(try server.receive(renewal).message().options.messageType == .nak)
        }
    }

    @Test("MAC counts before UUID before client-id before circuit; an empty UUID is nobody's")
    func order() throws {
        var server = try server(
            reservation(.circuit(id: [7], remote: nil), "10.77.0.104"),
            reservation(.clientIdentifier([8]), "10.77.0.103"),
            reservation(.machine(Self.uuid), "10.77.0.102"), reservation(.mac(Self.mac), "10.77.0.101"),
            reservation(.machine([UInt8](repeating: 0, count: 16)), "10.77.0.105"))
        let all: @Sendable (inout DHCPOptions) -> Void = {
            $0[.clientMachine] = [0] + Self.uuid[...]
            $0.clientIdentifier = [8]
            $0.relayAgentInformation = relayOption((1, [7]))
        }
        let without: @Sendable (inout DHCPOptions) -> Void = {
            all(&$0)
            $0[.clientMachine] = ArraySlice([UInt8](repeating: 0, count: 17))
        }
        #expect(try server.receive(client(1, as: all).discover()).message().yourAddress.description == "10.77.0.101")
        #expect(try server.receive(client(2, as: all).discover()).message().yourAddress.description == "10.77.0.102")
        #expect(
            try server.receive(client(3, as: without).discover()).message().yourAddress.description == "10.77.0.103")
    }

    @Test(
        "an address that is reserved while another machine has it: that one runs on to its end, then it is the other's")
    func later() throws {
        var server = try server()
        #expect(try server.lease(to: client(2)).description == "10.77.0.55")
        var settings = server.machine.settings
        settings.reservations = [try reservation(.mac(Self.mac), "10.77.0.55")]
        _ = try server.machine.apply(settings, at: server.now)
        #expect(try server.lease(to: client(1)).description == "10.77.0.56")
        var renewal = try client(2).message(.request)
        renewal.clientAddress = try address("10.77.0.55")
        #expect(try server.receive(renewal).message().options.messageType == .nak)
        server.now += 3_700_000
        #expect(try server.lease(to: client(1)).description == "10.77.0.55")
    }

    @Test("a machine that runs keeps its address until it starts again, then has the one that was reserved meanwhile")
    func untilReboot() throws {
        var server = try server()
        let held = try server.lease(to: client(1))
        var settings = server.machine.settings
        settings.nodes = [try reservation(.mac(Self.mac), "10.77.0.200")]
        _ = try server.machine.apply(settings, at: server.now)
        var request = try client(1).message(.request)
        request.clientAddress = held
        #expect(try server.receive(request).message().options.messageType == .ack)
        request.clientAddress = .any
        request.options.requestedAddress = held
        #expect(
            try server.receive(request).message().options.message
                == "10.77.0.200 is reserved for this machine, not 10.77.0.55")
        #expect(try server.lease(to: client(1)).description == "10.77.0.200")
        #expect(try server.lease(to: client(2)).description == "10.77.0.56")
    }

    @Test("leases by reservation survive a restart; a machine without one does not get into it")
    func restart() throws {
        let leases = [
            Lease(
                mac: MACAddress(value: 0x5254_0000_0003), address: try address("10.77.0.99"), expires: 1_800_001_000_000
            )
        ]
        var server = try PlayedServer(
            leases: leases,
            settings: {
                $0.reservations = [try? reservation(.circuit(id: [7], remote: nil), "10.77.0.99")].compactMap { $0 }
            })
        var renewal = try client(3).message(.request)
        renewal.clientAddress = try address("10.77.0.99")
        #expect(try server.receive(renewal).message().options.messageType == .ack)
        renewal = try client(4).message(.request)
        renewal.clientAddress = try address("10.77.0.99")
        #expect(try server.receive(renewal).message().options.messageType == .nak)
    }

    @Test("a reservation of another subnet leaves the machine to the pool of the one where it is")
    func elsewhere() throws {
        let far = try #require(IPv4Subnet("10.88.0.0/24"))
        var server = try PlayedServer(settings: { settings in
            settings.subnets = [DHCPSubnet(far)]
            settings.reservations = [try? reservation(.mac(Self.mac), "10.88.0.9")].compactMap { $0 }
        })
        #expect(try server.lease(to: client(1)).description == "10.77.0.55")
        var discover = try client(1).discover()
        discover.relayAddress = try address("10.88.0.1")
        #expect(try server.receive(discover).message().yourAddress.description == "10.88.0.9")
        discover = try client(2).discover()
        discover.relayAddress = try address("10.88.0.1")
        #expect(
            try server.receive(discover).events.map(\.detail) == [
                "no address is free in 10.88.0.0/24: it has no pool, and nothing is reserved for this machine"
            ])
    }
}
