import BootProtocols
import Testing

@testable import LinkWatch

@Suite("LinkWatch: ARP")
struct LinkWatchARPTests {
    let address = IPv4Address(value: 0x0a4d_0020)

    @Test("an address is asked about twice by probes with sender 0.0.0.0; an answer says who uses it, once")
    func probe() throws {
        let link = PlayedLink()
        #expect(link.probe(address))
        #expect(link.watch.deadline == link.now)
        guard case .send(let frame)? = link.tick().first else {
            Issue.record("no probe")
            return
        }
        let probe = try ARPPacket(decodingFrame: frame)
        #expect(probe.senderAddress == .any && probe.targetAddress == address && probe.operation == .request)
        #expect(probe.senderMAC == PlayedLink.server && frame.prefix(6).allSatisfy { $0 == 0xff })
        link.now += 150
        #expect(link.tick().count == 1)
        #expect(link.tick().isEmpty)
        let claim = PlayedLink.claim(address, by: PlayedLink.stranger)
        #expect(link.receive(claim) == [.inUse(address, by: PlayedLink.stranger)])
        #expect(link.receive(claim).isEmpty)
        #expect(link.watch.deadline == nil)
    }

    @Test("an answer before the probe, or long after it, or our own, is none")
    func noAnswer() {
        let link = PlayedLink()
        #expect(link.receive(PlayedLink.claim(address, by: PlayedLink.stranger)).isEmpty)
        link.probe(address)
        #expect(link.receive(PlayedLink.claim(address, by: PlayedLink.stranger)).isEmpty)
        _ = link.tick()
        #expect(link.receive(PlayedLink.claim(address, by: PlayedLink.server)).isEmpty)
        // Another host's probe claims nothing.
        let probe = ARPPacket(
            operation: .request, senderMAC: PlayedLink.node, senderAddress: .any, targetMAC: MACAddress(value: 0),
            targetAddress: address)
        #expect(link.receive(probe.frame(to: .broadcast)).isEmpty)
        link.now += 60_000
        #expect(link.receive(PlayedLink.claim(address, by: PlayedLink.stranger)).isEmpty)
    }

    @Test("many addresses are asked about at 20 in 10 ms, and nothing grows without a bound")
    func rate() {
        let link = PlayedLink()
        for offset in 0..<20_000 as Range<UInt32> {
            link.probe(IPv4Address(value: 0x0a00_0000 + offset))
        }
        #expect(link.watch.probes.count == 8192 && link.watch.probes.dropped == 20_000 - 8192)
        var sent = 0
        for _ in 0..<100 {
            let now = link.tick().count
            #expect(now <= 20)
            sent += now
            #expect(link.tick().isEmpty)
            link.now += 10
        }
        #expect(sent == 2000)
    }

    @Test("an address that another machine claims is news once in ten minutes; its holder's ARP is none")
    func duplicate() {
        let link = PlayedLink(leases: [address: PlayedLink.node])
        #expect(link.receive(PlayedLink.claim(address, by: PlayedLink.node, operation: .request)).isEmpty)
        let claim = PlayedLink.claim(address, by: PlayedLink.stranger, operation: .request)
        let actions = link.receive(claim)
        guard case .duplicate(let duplicate)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(duplicate.description == "52:54:00:00:00:09 claims 10.77.0.32, which is 52:54:00:12:34:56's")
        link.now += 1000
        #expect(link.receive(claim).isEmpty)
        #expect(link.watch.duplicates.all.map(\.sightings) == [2])
        link.now += 600_000
        #expect(link.receive(claim).count == 1)
    }

    @Test("somebody who has this server's own address is told of too")
    func ownAddress() {
        let link = PlayedLink()
        let actions = link.receive(PlayedLink.claim(PlayedLink.own, by: PlayedLink.stranger))
        guard case .duplicate(let duplicate)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(duplicate.holder == PlayedLink.server)
    }
}

@Suite("LinkWatch: other DHCP servers")
struct LinkWatchServersTests {
    @Test("an OFFER of another server is news with its address, its MAC and what it gave to whom")
    func offer() throws {
        let link = PlayedLink()
        let actions = try link.receive(PlayedLink.foreignOffer())
        guard case .foreignServer(let server)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(
            server.description
                == "foreign DHCP server 10.77.0.254 (52:54:00:00:00:09): DHCPOFFER of 10.77.0.77 to "
                + "52:54:00:12:34:56, boot file pxelinux.0")
        #expect(try link.receive(PlayedLink.foreignOffer()).isEmpty)
        link.now += 60_000
        #expect(try link.receive(PlayedLink.foreignOffer()).count == 1)
        #expect(link.watch.foreignServers.all.map(\.sightings) == [3])
    }

    @Test("a REQUEST to all that names another server tells of it where its OFFER went past us")
    func choice() throws {
        let link = PlayedLink()
        let frame = try PlayedLink.frame(.request, .request, from: PlayedLink.node) { message in
            message.options.serverIdentifier = PlayedLink.foreign
            message.options.requestedAddress = IPv4Address(value: 0x0a4d_004d)
        }
        let actions = link.receive(frame)
        guard case .foreignServer(let server)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(server.mac == nil)
        #expect(server.description.hasSuffix("52:54:00:12:34:56 chose its offer of 10.77.0.77"))
    }

    @Test("our own answers, requests to us and messages without a server identifier are no news")
    func own() throws {
        let link = PlayedLink()
        let ours = try PlayedLink.frame(.reply, .ack, from: PlayedLink.server) {
            $0.options.serverIdentifier = PlayedLink.own
        }
        #expect(link.receive(ours, isOutgoing: true).isEmpty)
        let toUs = try PlayedLink.frame(.request, .request, from: PlayedLink.node) {
            $0.options.serverIdentifier = PlayedLink.own
        }
        #expect(link.receive(toUs).isEmpty)
        #expect(try link.receive(PlayedLink.frame(.request, .discover, from: PlayedLink.node)).isEmpty)
        // A relay agent that has clients take it for the server (RFC 5107).
        let relayed = try PlayedLink.frame(.request, .request, from: PlayedLink.node) {
            $0.relayAddress = IPv4Address(value: 0x0a58_0001)
            $0.options.serverIdentifier = $0.relayAddress
        }
        #expect(link.receive(relayed).isEmpty)
        #expect(try link.receive(PlayedLink.frame(.reply, nil, from: PlayedLink.stranger)).isEmpty)
        #expect(link.watch.foreignServers.all.isEmpty)
    }

    @Test("in proxy mode the first server is the main one; another one, and the same one at another MAC, is news")
    func proxy() throws {
        let link = PlayedLink { $0.expectsMainServer = true }
        #expect(try link.receive(PlayedLink.foreignOffer()).isEmpty)
        #expect(link.watch.foreignServers.main?.address == PlayedLink.foreign)
        #expect(link.watch.foreignServers.all.isEmpty)
        let second = try PlayedLink.foreignOffer(server: IPv4Address(value: 0x0a4d_00fd), at: PlayedLink.node)
        #expect(link.receive(second).count == 1)
        #expect(link.watch.foreignServers.all.count == 1)
        #expect(try link.receive(PlayedLink.foreignOffer(at: MACAddress(value: 0x5254_0000_0777))).count == 1)
    }

    @Test("invented servers and clients fill nothing, and are not news each")
    func bounded() throws {
        let link = PlayedLink()
        var news = 0
        for number in 0..<2000 as Range<UInt32> {
            let client = MACAddress(value: 0x0200_0000_0000 + UInt64(number))
            news += try link.receive(PlayedLink.foreignOffer(client: client)).count
        }
        #expect(news == 16)
        for number in 0..<2000 as Range<UInt32> {
            _ = try link.receive(PlayedLink.foreignOffer(server: IPv4Address(value: 0x0a58_0000 + number)))
        }
        #expect(link.watch.foreignServers.all.count == 64)
        #expect(link.watch.foreignServers.overflow == 2000 - 63)
    }
}

@Suite("LinkWatch: what is captured")
struct LinkWatchCaptureTests {
    @Test("messages of both ways are kept under chaddr; ARP and TFTP of a machine that is known, of its transfer alone")
    func kept() throws {
        let link = PlayedLink()
        let (node, server) = (PlayedLink.node, PlayedLink.server)
        #expect(link.receive(PlayedLink.claim(IPv4Address(value: 1), by: node)).isEmpty)
        #expect(link.watch.captures.machineCount == 0)
        _ = try link.receive(PlayedLink.frame(.request, .discover, from: node))
        _ = try link.receive(PlayedLink.frame(.reply, .offer, from: server), isOutgoing: true)
        _ = link.receive(PlayedLink.claim(IPv4Address(value: 1), by: node))
        let (client, us) = (IPv4Address(value: 0x0a4d_0002), PlayedLink.own)
        func tftp(_ from: UInt16, _ to: UInt16, outgoing: Bool) throws -> [UInt8] {
            try UDPFrame(
                from: IPv4Endpoint(outgoing ? us : client, port: from), at: outgoing ? server : node,
                to: IPv4Endpoint(outgoing ? client : us, port: to), at: outgoing ? node : server,
                payload: [0, 6, 0, 0]
            ).bytes
        }
        _ = link.receive(try tftp(2070, 69, outgoing: false))
        _ = link.receive(try tftp(40_000, 2070, outgoing: true), isOutgoing: true)
        _ = link.receive(try tftp(40_000, 9999, outgoing: true), isOutgoing: true)
        #expect(link.watch.captures.frames(of: node).count == 5)
        #expect(link.watch.captures.machineCount == 1)
    }

    @Test("every prefix and many changes of real frames are taken without a trap")
    func hostile() throws {
        let link = PlayedLink()
        var random = SystemRandomNumberGenerator()
        for frame in [try PlayedLink.foreignOffer(), PlayedLink.claim(PlayedLink.own, by: PlayedLink.stranger)] {
            for count in 0...frame.count { _ = link.receive(Array(frame.prefix(count))) }
            for _ in 0..<20_000 {
                var changed = frame
                for _ in 0..<4 { changed[Int.random(in: 0..<frame.count, using: &random)] = .random(in: 0...255) }
                _ = link.receive(changed, isOutgoing: .random())
            }
        }
        #expect(link.watch.captures.machineCount <= 1024)
    }
}
