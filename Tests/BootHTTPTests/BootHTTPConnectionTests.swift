import BootMachine
import BootProtocols
import CapsuleFormat
import Foundation
import Registry
import Testing

@testable import BootHTTP

/// How connections end, and what they may take, on real sockets.
@Suite struct BootHTTPConnectionTests {
    private static let get = "GET /boot/big HTTP/1.1\r\nHost: x\r\n"
    private static let size = 24 << 20

    /// A fixture with a file that no socket buffer holds.
    private static func fixtureWithBigFile() async throws -> EndpointsFixture {
        let fixture = try await EndpointsFixture()
        var bytes = Data(count: size)
        for index in stride(from: 0, to: size, by: 4096) { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
        try bytes.write(to: URL(fileURLWithPath: fixture.path + "/loaders/big"))
        return fixture
    }

    @Test func aBigFileArrivesWhole() async throws {
        let fixture = try await Self.fixtureWithBigFile()
        try await withServer(fixture) { server in
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send(Self.get + "Connection: close\r\n\r\n")
                return client.receive()
            }
            let file = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/loaders/big"))
            #expect(answer.count > Self.size && answer.suffix(Self.size).elementsEqual(file))
            #expect(server.counters.bytes == Int64(Self.size) && server.counters.successes == 1)
        }
    }

    @Test func requestsAheadOfTheirTurnAreAnsweredInOrder() async throws {
        try await withServer { server in
            let count = 300
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                for number in 0..<count {
                    let end = number == count - 1 ? "Connection: close\r\n\r\n" : "\r\n"
                    client.send(
                        "GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nRange: bytes=\(number)-\(number)\r\n" + end)
                }
                return client.receiveText()
            }
            let ranges = answer.components(separatedBy: "Content-Range: bytes ").dropFirst().map {
                $0.prefix { $0 != "-" }
            }
            #expect(ranges == (0..<count).map { "\($0)" }[...].map { $0[...] })
        }
    }

    @Test func garbageAfterARequestEndsTheConnection() async throws {
        try await withServer { server in
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send(
                    "GET /node/v1/health HTTP/1.1\r\nHost: x\r\n\r\n\u{1}\u{2}garbage\r\n\r\nGET / HTTP/1.1\r\n")
                return client.receiveText()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.components(separatedBy: "HTTP/1.1 ").count == 3)
            #expect(answer.contains("HTTP/1.1 400"))
        }
    }

    @Test func aHeadThatDoesNotEndIsGivenUp() async throws {
        var limits = HTTPLimits()
        limits.headSeconds = 1
        try await withServer(limits: limits) { server in
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send("GET /boot/x HTTP/1.1\r\nX: ")
                return client.receiveText()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408") && server.counters.tooSlow == 1)
        }
    }

    @Test func aClientThatVanishesIsOnTheTimeline() async throws {
        let fixture = try await Self.fixtureWithBigFile()
        try fixture.ledger.commit([
            Lease(mac: EndpointsFixture.mac, address: IPv4Address(value: 0x7f00_0001), expires: .max)
        ])
        try await withServer(fixture) { server in
            try await WireClient.onThread {
                let client = try WireClient(port: server.port, receiveBuffer: 4096)
                client.send(Self.get + "\r\n")
                _ = client.receive(10_000)
            }
            while server.counters.broken == 0 { try await Task.sleep(for: .milliseconds(10)) }
            while try fixture.events(.refused).isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            let event = try #require(try fixture.events(.refused).first)
            #expect(event.detail.hasPrefix("big: ") && event.bytes.map { $0 < Int64(Self.size) } == true)
        }
    }

    @Test func aFileThatShrinksEndsItsConnectionAlone() async throws {
        let fixture = try await Self.fixtureWithBigFile()
        try await withServer(fixture) { server in
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port, receiveBuffer: 4096)
                client.send(Self.get + "\r\n")
                let first = client.receive(10_000)
                truncate(fixture.path + "/loaders/big", off_t(1 << 20))
                return first + client.receive()
            }
            #expect(answer.count < Self.size)
            #expect(server.counters.broken == 1)
            let next = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send("GET /node/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return client.receiveText()
            }
            #expect(next.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func aThousandIdleConnectionsHinderNobody() async throws {
        try await withServer { server in
            try await WireClient.onThread {
                let idle = try (0..<1000).map { _ in try WireClient(port: server.port) }
                let client = try WireClient(port: server.port)
                client.send("GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let answer = client.receive()
                #expect(answer.suffix(10_000).elementsEqual(EndpointsFixture.loader))
                withExtendedLifetime(idle) {}
            }
            #expect(server.counters.accepted == 1001)
        }
    }

    @Test func beyondTheLimitOnlyEssentialsAreAnswered() async throws {
        var limits = HTTPLimits()
        limits.connections = 40
        try await withServer(limits: limits) { server in
            try await WireClient.onThread {
                let others = try (0..<40).map { _ in try WireClient(port: server.port) }
                func ask(_ target: String) throws -> String {
                    let client = try WireClient(port: server.port)
                    client.send("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return client.receiveText()
                }
                let busy = try ask("/boot/snponly.efi")
                #expect(busy.hasPrefix("HTTP/1.1 503") && busy.contains("\r\nRetry-After: "))
                let health = try ask("/node/v1/health")
                #expect(health.hasPrefix("HTTP/1.1 200"))
                let report = try ask("/node/v1/report")
                #expect(report.hasPrefix("HTTP/1.1 405"))
                withExtendedLifetime(others) {}
            }
            #expect(server.counters.putOff == 1)
        }
    }

    @Test func bundlesWithoutAPlaceArePutOff() async throws {
        var limits = HTTPLimits()
        limits.transfers = 0
        let fixture = try await EndpointsFixture(building: true)
        let boot = try fixture.bootToken()
        _ = try fixture.checkIn(boot)
        let token = fixture.ledger.attempt(of: EndpointsFixture.mac).map {
            fixture.ledger.agentToken(for: $0.id, presented: AttemptToken(attempt: $0.id), capsule: "tiny@1").text
        }
        let head = "GET /node/v1/capsules/tiny@1/manifest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        let request = head + "Authorization: Bearer \(token ?? "")\r\n\r\n"
        let status = try await Self.statuses(of: request, fixture, [HTTPLimits(), limits])
        #expect(status == ["200", "503"])
    }

    private static func statuses(
        of request: String, _ fixture: EndpointsFixture, _ limits: [HTTPLimits]
    ) async throws -> [String] {
        var found: [String] = []
        for limits in limits {
            let box = Box()
            try await withServer(fixture, limits: limits) { server in
                box.text = try await WireClient.onThread {
                    let client = try WireClient(port: server.port)
                    client.send(request)
                    return client.receiveText()
                }
            }
            found.append(String(box.text.dropFirst("HTTP/1.1 ".count).prefix(3)))
        }
        return found
    }

    /// Carries a text out of a closure that runs once.
    private final class Box: @unchecked Sendable {
        var text = ""
    }
}
