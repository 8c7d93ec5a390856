import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@testable import DHCPService

@Suite("DHCPMachine: options that were set")
struct DHCPMachineOptionTests {
    private static let ntp = DHCPOptionCode(rawValue: 42)

    private func option(_ key: String, _ values: String..., force: Bool = false) throws -> DHCPOptionSetting {
        try DHCPOptionSetting(key, values: values, isForced: force)
    }

    /// What a client is offered that asks for these codes; nil: it has no option 55.
    private func offer(
        _ codes: [UInt8]?, as client: @escaping @Sendable (inout DHCPOptions) -> Void = PlayedClient.system,
        verdict: NodeVerdict = .unknown, _ change: (inout DHCPSettings) throws -> Void
    ) throws -> DHCPMessage {
        var server = try PlayedServer(verdict: { _ in verdict })
        var settings = server.machine.settings
        try change(&settings)
        _ = try server.machine.apply(settings, at: server.now)
        var discover = try PlayedClient("52:54:00:00:00:01", as: client).discover()
        discover.options.parameterRequestList = codes?.map(DHCPOptionCode.init(rawValue:))
        discover.options.maximumMessageSize = 1500
        return try server.receive(discover).message()
    }

    @Test("of one option the machine's counts before its groups', in their order, before the subnet's, before all's")
    func precedence() throws {
        let layers: [(String, (inout DHCPSettings) throws -> Void)] = [
            ("10.0.0.1", { $0.options = [try option("ntp-servers", "10.0.0.1")] }),
            ("10.0.0.2", { $0.link.options = [try option("ntp-servers", "10.0.0.2")] }),
            (
                "10.0.0.4",
                { settings in
                    settings.groups = [
                        DHCPGroup(name: "a", options: [try option("time-offset", "7")]),
                        DHCPGroup(name: "c", options: [try option("ntp-servers", "10.0.0.3")]),
                        DHCPGroup(name: "b", options: [try option("42", "10.0.0.4")]),
                    ]
                    settings.reservations = [
                        DHCPReservation(
                            .mac(MACAddress(value: 0x5254_0000_0001)), groups: ["a", "b", "c"], origin: "r")
                    ]
                }
            ),
            ("10.0.0.5", { $0.reservations[0].options = [try option("ntp-servers", "10.0.0.5")] }),
        ]
        for count in 1...layers.count {
            let offer = try offer([42]) { settings in
                for (_, change) in layers.prefix(count) { try change(&settings) }
            }
            #expect(offer.options[Self.ntp].flatMap { IPv4Address(octets: $0) }?.description == layers[count - 1].0)
        }
    }

    @Test("router, DNS and domain of a subnet give way to a machine's own")
    func network() throws {
        let offer = try offer([1, 3, 6, 15]) { settings in
            settings.reservations = [
                DHCPReservation(
                    .mac(MACAddress(value: 0x5254_0000_0001)), hostName: "front",
                    options: [
                        try option("routers", "10.77.0.99"), try option("domain-name", "front.example"),
                    ], origin: "r")
            ]
        }
        #expect(offer.options.routers.map(\.description) == ["10.77.0.99"])
        #expect(offer.options.domainName == "front.example")
        #expect(offer.options.domainNameServers.map(\.description) == ["10.77.0.53"])
        #expect(offer.options.hostName == nil)
    }

    @Test("a reserved host name counts before the node's")
    func hostName() throws {
        for (name, expected) in [(nil, "n1"), ("front", "front")] as [(String?, String)] {
            let offer = try offer([12], verdict: .known(name: "n1")) { settings in
                settings.reservations = [
                    DHCPReservation(.mac(MACAddress(value: 0x5254_0000_0001)), hostName: name, origin: "r")
                ]
            }
            #expect(offer.options.hostName == expected)
        }
    }

    @Test("sent to who asks, to who says nothing of what it wants, and if forced")
    func wanted() throws {
        let log = DHCPOptionCode(rawValue: 7)
        for (codes, force, isSent) in [
            ([7], false, true), ([1, 3], false, false), (nil, false, true), ([1, 3], true, true),
        ] as [([UInt8]?, Bool, Bool)] {
            let offer = try offer(codes) { $0.options = [try option("log-servers", "10.0.0.9", force: force)] }
            #expect((offer.options[log] != nil) == isSent)
        }
    }

    @Test("121 only for who asks; its default route takes the router's place (RFC 3442)")
    func routes() throws {
        let set: (inout DHCPSettings) throws -> Void = {
            $0.options = [try option("classless-static-route", "10.1.0.0/16 via 10.77.0.7")]
        }
        let asked = try offer([3, 121], set)
        #expect(asked.options.routers.isEmpty)
        #expect(asked.options[.classlessStaticRoute] == [16, 10, 1, 10, 77, 0, 7, 0, 10, 77, 0, 254])
        for codes in [[3], nil] as [[UInt8]?] {
            let plain = try offer(codes, set)
            #expect(plain.options.routers.map(\.description) == ["10.77.0.254"])
            #expect(plain.options[.classlessStaticRoute] == nil)
        }
        let own = try offer([3, 121]) {
            $0.options = [try option("classless-static-route", "default via 10.77.0.7", "10.2.0.0/15 via 10.77.0.8")]
        }
        #expect(own.options[.classlessStaticRoute] == [0, 10, 77, 0, 7, 15, 10, 2, 10, 77, 0, 8])
    }

    @Test("108 only for who asks, and never to a ROM or a loader (RFC 8925)")
    func ipv6Only() throws {
        let set: (inout DHCPSettings) throws -> Void = { $0.options = [try option("ipv6-only-preferred", "1800")] }
        #expect(try offer([108], set).options[.ipv6OnlyPreferred] == [0, 0, 7, 8])
        #expect(try offer(nil, set).options[.ipv6OnlyPreferred] == nil)
        for rom in [PlayedClient.biosROM, PlayedClient.uefiROM, PlayedClient.ipxe] {
            #expect(try offer([108], as: rom, set).options[.ipv6OnlyPreferred] == nil)
        }
    }

    @Test("what a client boots by is not overwritten; others get such options as they are set")
    func boot() throws {
        let set: (inout DHCPSettings) throws -> Void = {
            $0.options = [try option("boot-file-name", "phone.cfg"), try option("43", "hex:0102ff", force: true)]
        }
        let rom = try offer([67], as: PlayedClient.uefiROM, set)
        #expect(rom.options.bootFileName == "snponly.efi")
        #expect(rom.options.pxe?.discoveryControl == .bootFileAtOnce)
        let phone = try offer([67], set)
        #expect(phone.options.bootFileName == "phone.cfg" && phone.options[.vendorSpecific] == [1, 2, 255])
    }

    @Test("where not all fits, what was set goes first, and what the client boots by stays")
    func fit() throws {
        var server = try PlayedServer()
        var settings = server.machine.settings
        let long = String(repeating: "x", count: 250)
        settings.options = [
            try option("root-path", long, force: true), try option("nis-domain", long, force: true),
        ]
        _ = try server.machine.apply(settings, at: server.now)
        let offer = try server.receive(PlayedClient(as: PlayedClient.uefiROM).discover()).message()
        #expect(offer.options[DHCPOptionCode(rawValue: 40)] == nil)
        #expect(offer.options.bootFileName == "snponly.efi" && offer.options.routers.count == 1)
    }
}

@Suite("DHCPMachine: BOOTP")
struct DHCPMachineBOOTPTests {
    private func request(_ number: UInt64) -> DHCPMessage {
        DHCPMessage(.request, transactionID: 7, mac: MACAddress(value: 0x5254_0000_0000 | number))
    }

    private func server(_ change: (inout DHCPSettings) throws -> Void = { _ in }) throws -> PlayedServer {
        var server = try PlayedServer()
        var settings = server.machine.settings
        settings.link.pools?.append(DHCPPool(try address("10.77.0.70")...address("10.77.0.70"), servesBOOTP: true))
        try change(&settings)
        _ = try server.machine.apply(settings, at: server.now)
        return server
    }

    @Test("from a pool that is for it, for ever, in 300 bytes without any DHCP option")
    func pool() throws {
        var server = try server()
        let outcome = try server.receive(request(1))
        let reply = try outcome.message()
        #expect(reply.operation == .reply && reply.yourAddress.description == "10.77.0.70")
        #expect(reply.options.messageType == nil && reply.options.serverIdentifier == nil)
        #expect(reply.options.leaseTime == nil && reply.options.routers.count == 1)
        #expect(outcome.replies.map(\.bytes.count) == [300])
        #expect(outcome.leases.map(\.expires) == [server.now + 0xffff_ffff * 1000])
        #expect(outcome.events.map(\.kind) == [.leased])
        let other = try server.receive(request(2))
        #expect(other.replies.isEmpty && other.events.map(\.kind) == [.refused])
        // DHCP clients take that pool last.
        for number in 10...13 as ClosedRange<UInt64> {
            #expect(
                try server.lease(to: PlayedClient(MACAddress(value: number).description)).description < "10.77.0.59")
        }
        #expect(try server.receive(PlayedClient().discover()).replies.isEmpty)
    }

    @Test("with a vendor area that holds no options at all, as RFC 951 has it")
    func bare() throws {
        var server = try server()
        var bytes = try request(1).encoded()
        for index in 236..<bytes.count { bytes[index] = 0 }
        let actions = server.machine.receive(bytes, from: IPv4Endpoint(.any, port: 68), on: .server, at: server.now)
        #expect(try PlayedServer.Outcome(actions: actions).message().yourAddress.description == "10.77.0.70")
    }

    @Test("by reservation, for the time that the subnet says")
    func reserved() throws {
        var server = try server { settings in
            settings.link.leaseTimes.bootp = 600
            settings.reservations = [
                DHCPReservation(
                    .mac(MACAddress(value: 0x5254_0000_0003)), address: try address("10.77.0.200"), origin: "r")
            ]
        }
        let outcome = try server.receive(request(3))
        #expect(try outcome.message().yourAddress.description == "10.77.0.200")
        #expect(outcome.leases.map(\.expires) == [server.now + 600_000])
    }

    @Test("refused by name where nothing is for it")
    func refused() throws {
        var server = try PlayedServer()
        let outcome = try server.receive(request(1))
        #expect(outcome.replies.isEmpty)
        #expect(
            outcome.events.map(\.detail) == [
                "BOOTP without DHCP (no option 53): nothing is reserved for this machine, and 10.77.0.0/24 has no pool with "
                    + "`bootp: true`"
            ])
    }
}
