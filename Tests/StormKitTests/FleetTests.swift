import BootProtocols
import Testing

@testable import StormKit

/// Plays a server and a clock for a fleet.
struct FleetTests {
    private static let second: Int64 = 1_000_000_000

    private func fleet(_ load: StormLoad, nodes: Int = 4, patience: [Double]? = [1], _ shape: ClientShape = .system)
        -> Fleet
    {
        Fleet(of: nodes, shape: shape, load: load, patience: patience)
    }

    private func reply(
        _ type: DHCPMessageType, to message: Fleet.Outgoing, of fleet: Fleet, address: UInt32? = nil, file: Bool = false
    ) -> ServerReply {
        var reply = DHCPMessage(
            .reply, transactionID: message.transactionID, mac: MACAddress(value: fleet.mac(of: message.node)))
        reply.yourAddress = IPv4Address(value: address ?? 0x0a40_0010 + UInt32(message.node))
        reply.options.messageType = type
        reply.options.serverIdentifier = IPv4Address(value: 0x0a40_0001)
        reply.options.leaseTime = 3600
        if file { reply.bootFile = "x" }
        let bytes = (try? reply.encoded()) ?? []
        return bytes.withUnsafeBytes { ServerReply($0) }!
    }

    private func drain(_ fleet: inout Fleet) -> [Fleet.Outgoing] {
        defer { fleet.outbox = [] }
        return fleet.outbox
    }

    /// Answers all that waits, as a good server does.
    private func serve(_ fleet: inout Fleet, at now: Int64) {
        while !fleet.outbox.isEmpty {
            for message in drain(&fleet) {
                fleet.receive(reply(message.kind == .discover ? .offer : .ack, to: message, of: fleet), at: now)
            }
        }
    }

    @Test func aGoodServerCompletesEveryExchange() {
        var fleet = fleet(.powerOn(withinSeconds: 1))
        for step in 0...100 {
            fleet.advance(to: Int64(step) * 10_000_000, room: 100)
            serve(&fleet, at: Int64(step) * 10_000_000 + 1_000_000)
        }
        #expect(fleet.isOver(at: Self.second))
        #expect(fleet.tally.begun == 4 && fleet.tally.completed == 4 && fleet.tally.lost == 0)
        #expect(fleet.tally.wrong == 0 && fleet.tally.givenTwice == 0 && fleet.bound == 4)
        #expect(fleet.tally.exchange.maximum == 1_000_000)
    }

    @Test func anAddressGivenTwiceIsSeen() {
        var fleet = fleet(.leases(perSecond: 1000, seconds: 1), nodes: 2)
        fleet.advance(to: 1_000_000, room: 2)
        for message in drain(&fleet) { fleet.receive(reply(.offer, to: message, of: fleet, address: 9), at: 0) }
        for message in drain(&fleet) { fleet.receive(reply(.ack, to: message, of: fleet, address: 9), at: 0) }
        #expect(fleet.tally.completed == 2)
        #expect(fleet.tally.givenTwice == 1)
    }

    @Test func silenceBringsRepetitionsAtTheirTimesAndThenTheEnd() {
        var fleet = fleet(.powerOn(withinSeconds: 0.001), nodes: 1, patience: [1, 2])
        var times: [Int64] = []
        for step in 0...400 {
            let now = Int64(step) * 10_000_000
            fleet.advance(to: now, room: 10)
            for message in drain(&fleet) {
                #expect(message.kind == .discover)
                times.append(now)
            }
        }
        #expect(times.count == 2)
        let gap = (times.last ?? 0) - (times.first ?? 0)
        #expect(gap >= Self.second && gap <= Self.second + 20_000_000)
        #expect(fleet.tally.repeated == 1 && fleet.tally.lost == 1 && fleet.isOver(at: 4 * Self.second))
    }

    @Test func wrongAnswersAreNamed() {
        var fleet = fleet(.leases(perSecond: 1000, seconds: 1), nodes: 4, .pxe)
        fleet.advance(to: 3_000_000, room: 4)
        let messages = drain(&fleet)
        #expect(messages.count == 4)
        fleet.receive(reply(.offer, to: messages[0], of: fleet), at: 0)
        #expect(fleet.tally.faults == [.noBootFile: 1])
        var other = reply(.offer, to: messages[1], of: fleet)
        other.transactionID ^= 1 << 30
        fleet.receive(other, at: 0)
        var stranger = reply(.offer, to: messages[1], of: fleet)
        stranger.mac = 0x5254_0012_3456
        fleet.receive(stranger, at: 0)
        var bare = reply(.offer, to: messages[2], of: fleet, file: true)
        bare.server = 0
        fleet.receive(bare, at: 0)
        #expect(fleet.tally.faults == [.noBootFile: 1, .otherTransaction: 1, .stranger: 1, .noAddress: 1])
        let request = drain(&fleet)
        fleet.receive(reply(.nak, to: request[0], of: fleet), at: 0)
        #expect(fleet.tally.faults[.refused] == 1 && fleet.tally.lost == 1)
    }

    @Test func anAckOfAnotherAddressIsWrong() {
        var fleet = fleet(.leases(perSecond: 1, seconds: 1), nodes: 1)
        fleet.advance(to: 0, room: 4)
        fleet.receive(reply(.offer, to: drain(&fleet)[0], of: fleet, address: 5), at: 0)
        fleet.receive(reply(.ack, to: drain(&fleet)[0], of: fleet, address: 6), at: 0)
        #expect(fleet.tally.faults == [.otherAddress: 1])
    }

    @Test func aSecondOfferIsLateNotWrong() {
        var fleet = fleet(.leases(perSecond: 1, seconds: 1), nodes: 1)
        fleet.advance(to: 0, room: 4)
        let discover = drain(&fleet)[0]
        fleet.receive(reply(.offer, to: discover, of: fleet), at: 0)
        fleet.receive(reply(.offer, to: discover, of: fleet), at: 0)
        #expect(fleet.tally.late == 1 && fleet.tally.wrong == 0)
    }

    @Test func boundNodesRenewInOneStep() {
        var fleet = fleet(.powerOn(withinSeconds: 0.001))
        fleet.advance(to: 10_000_000, room: 10)
        serve(&fleet, at: 10_000_000)
        fleet.begin(.renewals(perSecond: 4, seconds: 1))
        fleet.advance(to: Self.second, room: 10)
        let messages = drain(&fleet)
        #expect(messages.count == 4 && messages.allSatisfy { $0.kind == .renewal && $0.address != 0 })
        for message in messages { fleet.receive(reply(.ack, to: message, of: fleet), at: Self.second) }
        #expect(fleet.tally.completed == 4 && fleet.isOver(at: Self.second))
    }

    @Test func aNodeIsFoundByTheAddressThatItHas() {
        var fleet = fleet(.powerOn(withinSeconds: 0.001))
        fleet.advance(to: 10_000_000, room: 10)
        #expect(fleet.holder(of: IPv4Address(value: 0x0a40_0011)) == nil)
        serve(&fleet, at: 10_000_000)
        #expect(fleet.holder(of: IPv4Address(value: 0x0a40_0011)) == 1)
        #expect(fleet.holder(of: IPv4Address(value: 0x0a40_0099)) == nil)
        fleet.begin(.rebindings(perSecond: 4, seconds: 1))
        fleet.advance(to: Self.second, room: 10)
        #expect(drain(&fleet).allSatisfy { $0.kind == .rebinding && $0.address != 0 })
    }

    @Test func flatOutKeepsTheNumberOpen() {
        var fleet = fleet(.flatOut(inFlight: 3, seconds: 1), nodes: 10)
        fleet.advance(to: 1, room: 100)
        #expect(fleet.outbox.count == 3)
        serve(&fleet, at: 2)
        fleet.advance(to: 3, room: 100)
        #expect(fleet.outbox.count == 3)
        serve(&fleet, at: 4)
        fleet.advance(to: 2 * Self.second, room: 100)
        #expect(fleet.outbox.isEmpty && fleet.isOver(at: 2 * Self.second))
    }
}
