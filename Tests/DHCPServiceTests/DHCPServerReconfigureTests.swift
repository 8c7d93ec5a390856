import BootMachine
import BootPolicy
import BootProtocols
import Foundation
import PacketIO
import Registry
import StormKit
import Synchronization
import Testing

@testable import DHCPService

/// The real server under a steady load, while its settings change all the time.
@Suite("DHCPServer: other settings under load", .enabled(if: TestNamespace.isPossible, "needs root"), .serialized)
struct DHCPServerReconfigureTests {
    /// What the server handed to its surroundings, and how often its settings changed.
    private final class Log: Sendable {
        let events = Mutex<[BootEvent]>([])
        let lines = Mutex<[String]>([])
        let changes = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
    }

    private static func settings(_ round: Int) throws -> DHCPSettings {
        var settings = DHCPSettings(
            serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/16")),
            router: try address("10.77.0.1"), httpPort: 8987)
        let last = UInt32(truncatingIfNeeded: 8 + round % 4)
        settings.link.pools = [
            DHCPPool(try address("10.77.1.0")...IPv4Address(value: address("10.77.0.0").value + last << 8)),
            DHCPPool(try address("10.77.20.0")...address("10.77.23.255")),
        ]
        settings.link.nameServers = round % 2 == 0 ? [] : [try address("10.77.0.53")]
        settings.options = [try DHCPOptionSetting("log-servers", values: ["10.77.0.\(round % 200 + 2)"])]
        settings.subnets = round % 3 == 0 ? [] : [DHCPSubnet(try #require(IPv4Subnet("10.88.0.0/24")))]
        settings.reservations = try (0..<round % 7).map { number in
            DHCPReservation(
                .mac(MACAddress(value: UInt64(number) + 1)), address: try address("10.77.30.\(number + 1)"),
                origin: "reservation \(number)")
        }
        return settings
    }

    @Test("each message is answered the first time, while the settings change hundreds of times")
    func underLoad() throws {
        let (server, client) = (try TestNamespace(), try TestNamespace())
        defer {
            client.close()
            server.close()
        }
        for arguments in [
            ["link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", "\(client.processID)"],
            ["addr", "add", "10.77.0.1/16", "dev", "wire0"], ["link", "set", "wire0", "up"],
        ] {
            try #require(server.run(["ip"] + arguments).status == 0)
        }
        try #require(client.run(["ip", "link", "set", "wire1", "up"]).status == 0)
        let log = Log()
        let thread = try server.enter { try Self.serve(log) }
        defer { thread.stop() }
        let report = try client.enter {
            defer { log.isOver.store(true, ordering: .relaxed) }
            // One try of a minute each: an exchange that is completed had each of its messages answered at once.
            var fleet = Fleet(of: 1500, shape: .system, load: .leases(perSecond: 300, seconds: 4), patience: [60])
            var link = try DirectLink(interface: .named("wire1"), shape: .system, broadcasts: false)
            return try Storm(limitSeconds: 60).run(&fleet, over: &link)
        }
        #expect(report.begun == 1200 && report.completed == 1200 && report.lost == 0, "\(report.text)")
        #expect(report.repeated == 0 && report.givenTwice == 0 && report.wrong == 0, "\(report.text)")
        #expect(log.changes.load(ordering: .relaxed) > 20)
        #expect(log.lines.withLock { $0 } == [])
        #expect(log.events.withLock { $0.filter { $0.kind == .refused }.map(\.detail) } == [])
    }

    private static func serve(_ log: Log) throws -> LoopThread {
        let machine = try DHCPMachine(settings: settings(0), leases: [], verdict: { _ in .unknown })
        let server = try DHCPServer(
            interface: .named("wire0"), role: DHCPRole(machine), commit: { _ in },
            record: { event in log.events.withLock { $0.append(event) } },
            report: { line in log.lines.withLock { $0.append(line) } })
        let thread = try LoopThread(name: "dhcp", waker: server.waker) { server.run() }
        Thread {
            var round = 1
            while !log.isOver.load(ordering: .relaxed) {
                do {
                    try server.reconfigure(Self.settings(round))
                    log.changes.wrappingAdd(1, ordering: .relaxed)
                } catch {
                    log.lines.withLock { $0.append("\(error)") }
                }
                round += 1
                usleep(5000)
            }
        }.start()
        return thread
    }
}
