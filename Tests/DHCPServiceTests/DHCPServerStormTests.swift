import BootProtocols
import Foundation
import PacketIO
import StormKit
import Synchronization
import Testing

@testable import DHCPService

/// The load generator against the real server: every load in every shape, on the server's link and by relay agent.
@Suite("DHCPServer: storms", .enabled(if: TestNamespace.isPossible, "needs root"), .serialized)
struct DHCPServerStormTests {
    /// How the nodes reach the server.
    enum Way: CaseIterable { case direct, directByBroadcast, relayed }

    private static let nodes = 120

    /// A server, and at the other end of the cable an address that may be a relay agent's.
    private func withSite(_ body: (DHCPServerTests.Site) throws -> Void) throws {
        let site = try DHCPServerTests.Site()
        defer { site.close() }
        try #require(site.client.run(["ip", "addr", "add", "10.77.0.254/24", "dev", "wire1"]).status == 0)
        try body(site)
        #expect(site.registrar.lines.withLock { $0 } == [])
    }

    /// Runs `load`, after all nodes have got their leases if it is one that extends them.
    /// - Parameter patience: of one exchange's message. A minute without a repetition, else: what is completed was
    ///   answered at once.
    private static func run(
        _ load: StormLoad, _ shape: ClientShape, _ way: Way, nodes: Int = nodes, patience: [Double] = [60]
    ) throws -> StormReport {
        var fleet = Fleet(of: nodes, shape: shape, load: load, patience: patience)
        let storm = try Storm(limitSeconds: 120)
        let (interface, server) = (try NetworkInterface.named("wire1"), try address("10.77.0.1"))
        guard way == .relayed else {
            var link = try DirectLink(interface: interface, shape: shape, broadcasts: way == .directByBroadcast)
            if load.extends {
                try link.find(server)
                fleet.begin(.powerOn(withinSeconds: 0.1))
                _ = try storm.run(&fleet, over: &link)
                fleet.begin(load)
            }
            return try storm.run(&fleet, over: &link)
        }
        var link = try relay(to: server, shape)
        guard load.extends else { return try storm.run(&fleet, over: &link) }
        fleet.begin(.powerOn(withinSeconds: 0.1))
        _ = try storm.run(&fleet, over: &link)
        fleet.begin(load)
        guard case .renewals = load else { return try storm.run(&fleet, over: &link) }
        var router = try DirectLink(interface: interface, shape: shape, broadcasts: false, place: .behindRouter)
        try router.find(server)
        return try storm.run(&fleet, over: &router)
    }

    /// A program that another test is about to start has our last relay's socket, too, from fork(2) until its exec.
    private static func relay(to server: IPv4Address, _ shape: ClientShape) throws -> RelayLink {
        let relay = try address("10.77.0.254")
        for _ in 0..<1000 {
            do {
                return try RelayLink(server: server, relay: relay, interface: "wire1", shape: shape)
            } catch let error as SystemError where error.isAddressInUse {
                usleep(10_000)
            }
        }
        return try RelayLink(server: server, relay: relay, interface: "wire1", shape: shape)
    }

    @Test("new leases, renewals and rebindings are all answered at once", arguments: ClientShape.allCases, Way.allCases)
    func answered(shape: ClientShape, way: Way) throws {
        try withSite { site in
            let loads: [StormLoad] = [
                .leases(perSecond: 400, seconds: 0.3), .renewals(perSecond: 400, seconds: 0.3),
                .rebindings(perSecond: 400, seconds: 0.3),
            ]
            for load in loads {
                let before = site.registrar.leases.withLock { $0.count }
                let report = try site.client.enter { try Self.run(load, shape, way) }
                #expect(report.begun == 120 && report.completed == 120, "\(load): \(report.text)")
                #expect(report.lost == 0 && report.repeated == 0 && report.wrong == 0, "\(load): \(report.text)")
                #expect(report.givenTwice == 0 && report.unsent == 0 && report.late == 0, "\(load): \(report.text)")
                #expect(report.answeredPerSecond > 0 && report.lossPercent == 0)
                #expect(report.acknowledgement.p50 > 0 && report.acknowledgement.p99 <= report.acknowledgement.max)
                // Nothing of it is an exchange of four: a renewal has neither DISCOVER nor OFFER.
                #expect((report.offer.max > 0) == !load.extends, "\(load)")
                #expect(site.registrar.leases.withLock { $0.count } > before)
            }
        }
    }

    @Test(
        "a power cut that the disk is slow to get over: nodes repeat with their firmware's back-off, and all get there")
    func powerOn() throws {
        try withSite { site in
            site.registrar.refuse(nodes: Self.nodes)
            // As iPXE does, but a quarter as long.
            let patience = ClientShape.ipxe.patience.map { $0 / 4 }
            let report = try site.client.enter {
                try Self.run(.powerOn(withinSeconds: 0.2), .ipxe, .direct, patience: patience)
            }
            #expect(report.begun == Self.nodes && report.completed == Self.nodes, "\(report.text)")
            #expect(report.repeated >= Self.nodes && report.lost == 0 && report.givenTwice == 0, "\(report.text)")
            #expect(report.exchange.max >= 1000 * (patience.first ?? 0), "\(report.text)")
            site.registrar.lines.withLock { lines in
                #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("could not be stored: disk full") })
                lines = []
            }
        }
    }

    @Test("a link without the server is told, before anything is sent")
    func noServer() throws {
        try withSite { site in
            let words = try site.client.enter { () throws -> String in
                var link = try DirectLink(interface: .named("wire1"), shape: .system, broadcasts: false)
                do {
                    try link.find(address("10.77.0.99"))
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            #expect(words.hasPrefix("nobody on wire1 answers ARP for 10.77.0.99."))
        }
    }
}
