import BootProtocols
import Testing

@testable import AgentKit

@Suite struct DHCPClientTests {
    static let mac = MACAddress(value: 0x5254_0012_3456)
    static let server = IPv4Address(value: 0x0a00_0001)
    static let address = IPv4Address(value: 0x0a00_0064)

    private func client(discoverLimit: Int = 5) -> DHCPClient {
        DHCPClient(mac: Self.mac, transactionID: 77, now: 0, discoverLimit: discoverLimit)
    }

    private func reply(_ type: DHCPMessageType, xid: UInt32 = 77, mac: MACAddress = mac) -> DHCPMessage {
        var message = DHCPMessage(.reply, transactionID: xid, mac: mac)
        message.yourAddress = Self.address
        message.options.messageType = type
        message.options.serverIdentifier = Self.server
        message.options.subnetMask = IPv4Address(value: 0xffff_ff00)
        message.options.leaseTime = 3600
        return message
    }

    private func sent(_ actions: [DHCPClient.Action]) -> DHCPMessage? {
        for action in actions {
            switch action {
            case .broadcast(let message), .unicast(let message, _): return message
            default: continue
            }
        }
        return nil
    }

    @Test func getsAnAddressInFourMessages() throws {
        var client = client()
        let discover = try #require(sent(client.discover(at: 0, spread: 0.5)))
        #expect(discover.options.messageType == .discover)
        #expect(discover.options.vendorClass == "perseid-agent")
        #expect(discover.wantsBroadcast)
        #expect(discover.mac == Self.mac)
        // What goes out is what a server can read.
        #expect(try DHCPMessage(decoding: try discover.encoded()) == discover)

        let request = try #require(sent(client.receive(reply(.offer), at: 10, spread: 0.5)))
        #expect(request.options.messageType == .request)
        #expect(request.options.requestedAddress == Self.address)
        #expect(request.options.serverIdentifier == Self.server)
        #expect(request.clientAddress == .any)

        let bound = client.receive(reply(.ack), at: 20, spread: 0.5)
        guard case .bound(let lease)? = bound.first else {
            Issue.record("no lease: \(bound)")
            return
        }
        #expect(lease.address == Self.address)
        #expect(lease.prefixLength == 24)
        #expect(lease.renewalSeconds == 1800)
        #expect(client.deadline == nil)
        #expect(client.receive(reply(.ack), at: 30, spread: 0).isEmpty)
    }

    @Test func waitsTwiceAsLongEachTime() throws {
        var client = client(discoverLimit: 6)
        _ = client.discover(at: 0, spread: 0.5)
        var now: Int64 = 0
        var waits: [Int64] = []
        while let deadline = client.deadline {
            waits.append(deadline - now)
            now = deadline
            _ = client.timeout(at: now, spread: 0.5)
        }
        #expect(waits == [4_000, 8_000, 16_000, 32_000, 64_000, 64_000])
    }

    @Test func spreadsRetransmissionsByASecond() throws {
        for (spread, wait) in [(0.0, Int64(3_000)), (1.0, 5_000)] {
            var client = client()
            _ = client.discover(at: 0, spread: spread)
            #expect(client.deadline == wait)
        }
    }

    @Test func givesUpWithAReason() {
        var client = client(discoverLimit: 2)
        _ = client.discover(at: 0, spread: 0)
        _ = client.timeout(at: 3_000, spread: 0)
        let end = client.timeout(at: 10_000, spread: 0)
        #expect(end == [.gaveUp("no DHCP server answered 2 DHCPDISCOVERs in 10.0 s")])
        #expect(client.deadline == nil)
    }

    @Test func ignoresWhatIsNotForIt() {
        var client = client()
        _ = client.discover(at: 0, spread: 0)
        #expect(client.receive(reply(.offer, xid: 78), at: 1, spread: 0).isEmpty)
        #expect(client.receive(reply(.offer, mac: MACAddress(value: 1)), at: 1, spread: 0).isEmpty)
        #expect(client.receive(reply(.ack), at: 1, spread: 0).isEmpty)
        var own = reply(.offer)
        own.operation = .request
        #expect(client.receive(own, at: 1, spread: 0).isEmpty)
        var empty = reply(.offer)
        empty.yourAddress = .any
        #expect(client.receive(empty, at: 1, spread: 0).isEmpty)
    }

    @Test func startsAnewAfterANakAndAfterSilence() throws {
        var client = client()
        _ = client.discover(at: 0, spread: 0)
        _ = client.receive(reply(.offer), at: 1, spread: 0)
        var nak = reply(.nak)
        nak.options.message = "address taken"
        #expect(client.receive(nak, at: 2, spread: 0) == [.note("the DHCP server took its offer back: address taken")])
        let again = try #require(sent(client.timeout(at: 5_000, spread: 0)))
        #expect(again.options.messageType == .discover)
        #expect(again.secs == 5)

        _ = client.receive(reply(.offer), at: 5_001, spread: 0)
        var types: [DHCPMessageType?] = []
        for _ in 0..<4 { types.append(sent(client.timeout(at: client.deadline ?? 0, spread: 0))?.options.messageType) }
        #expect(types == [.request, .request, .request, .discover])
    }

    @Test func renewsByUnicastFromItsAddress() throws {
        var held = try #require(DHCPLease(acknowledged: reply(.ack), at: 0))
        held.server = Self.server
        var client = client()
        let actions = client.renew(held, at: 0, spread: 0)
        guard case .unicast(let request, to: Self.server)? = actions.first else {
            Issue.record("not unicast: \(actions)")
            return
        }
        #expect(request.clientAddress == Self.address)
        #expect(request.options.requestedAddress == nil)
        #expect(request.options.serverIdentifier == nil)
        #expect(!request.wantsBroadcast)
        let bound = client.receive(reply(.ack), at: 9, spread: 0)
        guard case .bound(let lease)? = bound.first else {
            Issue.record("not renewed: \(bound)")
            return
        }
        #expect(lease.acquired == 9)
    }
}
