import BootProtocols
import Testing

@testable import DHCPService

@Suite("ReplyOutbox")
struct ReplyOutboxTests {
    private let relay = IPv4Endpoint(IPv4Address(value: 0x0a4d_0001), port: 67)
    private let otherRelay = IPv4Endpoint(IPv4Address(value: 0x0a4d_0002), port: 67)

    private func reply(_ size: Int, of byte: UInt8) -> [UInt8] { Array(repeating: byte, count: size) }

    /// The datagrams that the kernel makes of a run.
    private func datagrams(_ run: ReplyOutbox.Run) -> [[UInt8]] {
        stride(from: 0, to: run.bytes.count, by: run.size).map {
            Array(run.bytes[$0..<min($0 + run.size, run.bytes.count)])
        }
    }

    @Test("replies to one relay are one run, each padded with zeros but the last")
    func run() throws {
        var outbox = ReplyOutbox()
        for (size, byte) in [(300, 1), (312, 2), (301, 3)] as [(Int, UInt8)] {
            #expect(outbox.add(reply(size, of: byte), to: relay, from: .server) == nil)
        }
        let runs = outbox.takeAll()
        try #require(runs.count == 1)
        #expect(runs[0].count == 3)
        let all = datagrams(runs[0])
        #expect(all.map(\.count) == [320, 320, 301])
        #expect(all[0] == reply(300, of: 1) + reply(20, of: 0))
        #expect(all[1] == reply(312, of: 2) + reply(8, of: 0))
        #expect(all[2] == reply(301, of: 3))
        #expect(outbox.takeAll().isEmpty)
    }

    @Test("a reply that comes alone is sent as it is")
    func single() throws {
        var outbox = ReplyOutbox()
        _ = outbox.add(reply(300, of: 1), to: relay, from: .server)
        let runs = outbox.takeAll()
        #expect(runs.map(datagrams) == [[reply(300, of: 1)]])
    }

    @Test("destinations and source ports have runs of their own")
    func destinations() {
        var outbox = ReplyOutbox()
        _ = outbox.add(reply(300, of: 1), to: relay, from: .server)
        _ = outbox.add(reply(300, of: 2), to: otherRelay, from: .server)
        _ = outbox.add(reply(300, of: 3), to: relay, from: .bootServer)
        _ = outbox.add(reply(300, of: 4), to: otherRelay, from: .server)
        let runs = outbox.takeAll()
        #expect(runs.map(\.destination) == [relay, otherRelay, relay])
        #expect(runs.map(\.source) == [.server, .server, .bootServer])
        #expect(runs.map(\.count) == [1, 2, 1])
    }

    @Test("no reply grows past what its client takes: over 548 bytes only equal sizes share a run")
    func limit() {
        var outbox = ReplyOutbox()
        _ = outbox.add(reply(540, of: 1), to: relay, from: .server)
        #expect(outbox.add(reply(548, of: 2), to: relay, from: .server) == nil)
        let first = outbox.add(reply(600, of: 3), to: relay, from: .server)
        #expect(first.map { datagrams($0).map(\.count) } == [548, 548])
        #expect(outbox.add(reply(600, of: 4), to: relay, from: .server) == nil)
        let second = outbox.add(reply(601, of: 5), to: relay, from: .server)
        #expect(second.map { datagrams($0).map(\.count) } == [600, 600])
        #expect(outbox.takeAll().map(\.size) == [601])
    }

    @Test("a run ends at its longest, and the number of open runs is bounded")
    func bounds() {
        var outbox = ReplyOutbox()
        var sent: [Int] = []
        for _ in 0..<100 {
            if let run = outbox.add(reply(300, of: 1), to: relay, from: .server) { sent.append(run.count) }
        }
        #expect(sent == [32, 32, 32])
        #expect(outbox.takeAll().map(\.count) == [4])
        var early = 0
        for number in 0..<100 {
            let endpoint = IPv4Endpoint(IPv4Address(value: UInt32(number)), port: 67)
            if outbox.add(reply(300, of: 1), to: endpoint, from: .server) != nil { early += 1 }
        }
        #expect(early == 84)
        #expect(outbox.takeAll().count == 16)
    }
}
