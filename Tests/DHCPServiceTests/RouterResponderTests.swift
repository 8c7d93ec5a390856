import BootProtocols
import Glibc
import PacketIO
import Synchronization
import Testing

@testable import DHCPService

/// The responder on one end of a cable, the kernel of another namespace as the machine that asks on the other.
@Suite("RouterResponder: live", .enabled(if: TestNamespace.isPossible, "needs root"), .serialized)
struct RouterResponderTests {
    /// How many the client's kernel has taken.
    private func advertisements(_ client: TestNamespace) -> Int {
        let lines = client.run(["cat", "/proc/net/dev_snmp6/wire1"]).output.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("Icmp6InRouterAdvertisements") }
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 0
    }

    private func serve(isBooting: Bool) throws -> (advertisements: Int, routes: String, addresses: String) {
        let (server, client) = (try TestNamespace(), try TestNamespace())
        defer {
            server.close()
            client.close()
        }
        for arguments in [
            ["link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", "\(client.processID)"],
            ["link", "set", "wire0", "up"],
        ] {
            let result = server.run(["ip"] + arguments)
            try #require(result.status == 0, "\(result.output)")
        }
        let questions = Questions()
        let thread = try server.enter {
            let responder = try RouterResponder(interface: try NetworkInterface.named("wire0")) { _ in
                questions.count.add(1, ordering: .relaxed)
                return isBooting
            } report: {
                Issue.record("\($0)")
            }
            return try LoopThread(name: "router", waker: responder.waker) { responder.run() }
        }
        defer { thread.stop() }
        try #require(client.run(["ip", "link", "set", "wire1", "up"]).status == 0)
        for _ in 0..<600 {
            let isHeard = questions.count.load(ordering: .relaxed) > 0
            if isHeard && (!isBooting || advertisements(client) > 0) { break }
            usleep(100_000)
        }
        #expect(questions.count.load(ordering: .relaxed) > 0, "the kernel asked")
        return (
            advertisements(client), client.run(["ip", "-6", "route", "show", "default"]).output,
            client.run(["ip", "-6", "addr", "show", "dev", "wire1", "scope", "global"]).output
        )
    }

    private final class Questions: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test("a machine that boots gets an answer that leaves it without route and address")
    func answers() throws {
        let outcome = try serve(isBooting: true)
        #expect(outcome.advertisements > 0)
        #expect(outcome.routes.isEmpty)
        #expect(outcome.addresses.isEmpty)
    }

    @Test("any other machine sees nothing")
    func keepsSilent() throws {
        #expect(try serve(isBooting: false).advertisements == 0)
    }
}
