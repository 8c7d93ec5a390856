import BootMachine
import BootPolicy
import BootProtocols
import PacketCapture
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: relay agents")
struct DHCPMachineRelayTests {
    private func relayed(_ relay: String, _ type: DHCPMessageType = .discover) throws -> DHCPMessage {
        var message = try PlayedClient().message(type)
        message.relayAddress = try address(relay)
        message.hops = 1
        message.options.relayAgentInformation = [1, 2, 0x61, 0x62]
        return message
    }

    @Test("one in our subnet is answered at its port 67, with its information as the last option")
    func answered() throws {
        var server = try PlayedServer()
        let outcome = try server.receive(relayed("10.77.0.250"))
        #expect(outcome.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("10.77.0.250"), port: 67))])
        let offer = try outcome.message()
        #expect(offer.relayAddress.description == "10.77.0.250")
        #expect(offer.options.relayAgentInformation == [1, 2, 0x61, 0x62])
        #expect(offer.options.map(\.code).last == .relayAgentInformation)
    }

    @Test("a NAK goes by the relay too, which broadcasts it")
    func nak() throws {
        var server = try PlayedServer()
        var request = try relayed("10.77.0.250", .request)
        request.options.requestedAddress = try address("192.168.0.1")
        let outcome = try server.receive(request)
        #expect(outcome.replies.map(\.destination) == [.routed(IPv4Endpoint(try address("10.77.0.250"), port: 67))])
        let nak = try outcome.message()
        #expect(nak.options.messageType == .nak && nak.wantsBroadcast)
        #expect(nak.options.relayAgentInformation == [1, 2, 0x61, 0x62])
    }

    @Test("one of another subnet, or one that claims to be us, is refused", arguments: ["10.78.0.250", "10.77.0.1"])
    func refused(relay: String) throws {
        var server = try PlayedServer()
        let outcome = try server.receive(relayed(relay))
        #expect(outcome.replies.isEmpty)
        let reason =
            relay == "10.77.0.1"
            ? "a relay agent that gives this server's address 10.77.0.1 for its own"
            : "relay agent \(relay) is not in 10.77.0.0/24, the subnet that is served"
        #expect(outcome.events.map(\.detail) == [reason])
    }
}

@Suite("DHCPMachine: what it does not answer")
struct DHCPMachineInputTests {
    @Test("replies, group addresses, and messages that only servers send")
    func silent() throws {
        var server = try PlayedServer()
        var reply = try PlayedClient().discover()
        reply.operation = .reply
        #expect(try server.receive(reply).events.map(\.kind) == [.refused])
        for mac in ["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"] {
            #expect(try server.receive(PlayedClient(mac).discover()).actions.isEmpty)
        }
        #expect(server.machine.malformed == 4)
        for type in [DHCPMessageType.offer, .ack, .nak] {
            #expect(try server.receive(PlayedClient().message(type)).events.map(\.detail) == ["\(type) on port 67"])
        }
    }

    @Test("a message type that is none is not taken for BOOTP", arguments: [0, 9, 14, 255] as [UInt8])
    func unknownType(type: UInt8) throws {
        var server = try PlayedServer()
        var message = try PlayedClient().discover()
        message.options[.messageType] = [type]
        let outcome = try server.receive(message)
        #expect(outcome.replies.isEmpty)
        #expect(outcome.events.map(\.detail) == ["a DHCP message of the unknown type \(type) on port 67"])
    }

    @Test("nothing that is cut or changed traps, and no two machines get one address")
    func hostile() throws {
        var server = try PlayedServer(pool: "10.77.0.55-10.77.0.60")
        var held: [IPv4Address: Lease] = [:]
        var state: UInt64 = 11
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let captured = try ["bios-e1000-pxelinux", "uefi-edk2-http", "uefi-edk2-pxe-ipxe"].flatMap(capturedClients)
        for _ in 0..<30_000 {
            var bytes = try captured[next(captured.count)].encoded()
            bytes[28 + 5] = UInt8(next(9))
            for _ in 0..<next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
            if next(10) == 0 { bytes = Array(bytes.prefix(next(bytes.count))) }
            server.now += Int64(next(20_000))
            let source = IPv4Endpoint(IPv4Address(value: 0x0a4d_0000 + UInt32(next(300))), port: UInt16(next(65536)))
            let port: DHCPPort = next(8) == 0 ? .bootServer : .server
            let actions = server.machine.receive(bytes, from: source, on: port, at: server.now)
            for lease in PlayedServer.Outcome(actions: actions).leases {
                if let other = held[lease.address], other.mac != lease.mac { #expect(other.expires <= server.now) }
                held[lease.address] = lease
            }
        }
        #expect(held.count > 2)
    }
}
