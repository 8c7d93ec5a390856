import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

/// A DHCP server whose network and clock the test plays.
struct PlayedServer {
    var machine: DHCPMachine
    /// Milliseconds since 1970.
    var now: Int64 = 1_800_000_000_000
    /// The disk is done with each lease at once.
    var storesAtOnce = true

    init(
        pool: String = "10.77.0.55-10.77.0.58", leases: [Lease] = [],
        verdict: @escaping @Sendable (MACAddress) -> NodeVerdict = { _ in .unknown },
        settings change: (inout DHCPSettings) -> Void = { _ in }
    ) throws {
        let ends = try pool.split(separator: "-").map { try address(String($0)) }
        var settings = DHCPSettings(
            serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/24")),
            pool: ends[0]...ends[1], router: try address("10.77.0.254"), nameServers: [try address("10.77.0.53")],
            domain: "cluster.example", httpPort: 8987)
        change(&settings)
        machine = try DHCPMachine(settings: settings, leases: leases, verdict: verdict)
        _ = machine.start(at: now)
    }

    /// What came of one message.
    struct Outcome {
        var actions: [DHCPAction]

        var replies: [DHCPReply] {
            actions.compactMap { if case .send(let reply) = $0 { reply } else { nil } }
        }
        var leases: [Lease] {
            actions.compactMap { if case .commit(let lease) = $0 { lease } else { nil } }
        }
        var events: [BootEvent] {
            actions.compactMap { if case .record(let event) = $0 { event } else { nil } }
        }
        var probes: [IPv4Address] {
            actions.compactMap { if case .probe(let address) = $0 { address } else { nil } }
        }
        /// The only reply, as its receiver decodes it.
        func message() throws -> DHCPMessage {
            try #require(replies.count == 1)
            return try DHCPMessage(decoding: replies[0].bytes)
        }
    }

    mutating func receive(
        _ message: DHCPMessage, from source: IPv4Endpoint = IPv4Endpoint(.any, port: 68), on port: DHCPPort = .server
    ) throws -> Outcome {
        let actions = machine.receive(try message.encoded(), from: source, on: port, at: now)
        if storesAtOnce { machine.committed(through: machine.commits) }
        return Outcome(actions: actions)
    }

    /// DISCOVER and REQUEST of one client, one second apart; the address that it was acknowledged.
    mutating func lease(to client: PlayedClient) throws -> IPv4Address {
        let offer = try receive(client.discover()).message()
        now += 1000
        let ack = try receive(client.request(offer)).message()
        #expect(ack.options.messageType == .ack)
        return ack.yourAddress
    }
}

/// A client's side of a conversation.
struct PlayedClient {
    var mac: MACAddress
    var transactionID: UInt32 = 0x1000_0001
    var options: @Sendable (inout DHCPOptions) -> Void

    init(
        _ mac: String = "52:54:00:12:34:56", transactionID: UInt32 = 0x1000_0001,
        as options: @escaping @Sendable (inout DHCPOptions) -> Void = PlayedClient.system
    ) throws {
        self.mac = try #require(MACAddress(mac))
        self.transactionID = transactionID
        self.options = options
    }

    func message(_ type: DHCPMessageType) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: transactionID, mac: mac)
        message.options.messageType = type
        options(&message.options)
        return message
    }

    func discover() -> DHCPMessage { message(.discover) }

    /// Takes an offer.
    func request(_ offer: DHCPMessage) -> DHCPMessage {
        var message = message(.request)
        message.options.serverIdentifier = offer.options.serverIdentifier
        message.options.requestedAddress = offer.yourAddress
        return message
    }

    static let system: @Sendable (inout DHCPOptions) -> Void = {
        $0.vendorClass = "udhcp 1.35.0"
        $0.clientIdentifier = [1, 2, 3]
    }
    static let biosROM: @Sendable (inout DHCPOptions) -> Void = {
        $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
        $0.clientArchitectures = [.bios]
    }
    static let uefiROM: @Sendable (inout DHCPOptions) -> Void = {
        $0.vendorClass = "PXEClient:Arch:00007:UNDI:003000"
        $0.clientArchitectures = [.efiX64]
    }
    static let ipxe: @Sendable (inout DHCPOptions) -> Void = {
        biosROM(&$0)
        $0[.userClass] = Array("iPXE".utf8)[...]
        var ipxe = IPXEOptions()
        ipxe.features = [.http, .bzImage]
        $0.ipxe = ipxe
    }
    static let ipxeWithoutHTTP: @Sendable (inout DHCPOptions) -> Void = {
        biosROM(&$0)
        $0[.userClass] = Array("iPXE".utf8)[...]
    }
    static let agent: @Sendable (inout DHCPOptions) -> Void = {
        $0.vendorClass = "perseid-agent:stage1"
        $0.clientIdentifier = [255, 1, 2, 3, 4]
    }
}
