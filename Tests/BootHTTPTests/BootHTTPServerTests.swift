import BootProtocols
import Foundation
import PacketIO
import Testing

@testable import BootHTTP

/// The server on a real socket, with requests as they stand on the wire.
@Suite struct BootHTTPServerTests {
    @Test func requestsOnOneConnectionAreAnsweredInOrder() async throws {
        try await withServer { server in
            let head = "GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n"
            let last = "HEAD /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(head + head + last, port: server.port)
            let heads = answer.components(separatedBy: "HTTP/1.1 ").dropFirst()
            #expect(heads.map { $0.prefix(3) } == ["206", "206", "200"])
            #expect(heads.allSatisfy { $0.contains("Content-Length: ") && !$0.contains("chunked") })
            #expect(heads.last?.contains("Content-Length: 10000\r\n") == true)
            #expect(heads.last?.hasSuffix("\r\n\r\n") == true, "a HEAD has no body")
        }
    }

    @Test(arguments: [
        ("DELETE /boot/x HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("POST /node/v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n", "413"),
        ("POST /node/v1/check-in HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", "401"),
        ("nonsense\r\n\r\n", "400"),
        ("GET /boot/snponly.efi HTTP/1.1\r\n\r\n", "400"),
        ("GET /boot/x HTTP/1.1\r\nX: " + String(repeating: "x", count: 20_000), "431"),
        ("POST /node/v1/report HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
    ])
    func whatDoesNotFitIsRefused(request: String, status: String) async throws {
        let padding = status == "413" ? String(repeating: "x", count: 300_000) : ""
        try await withServer { server in
            let answer = try await exchange(request + padding, port: server.port)
            #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer.prefix(200))")
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        let fixture = try await EndpointsFixture()
        try await withServer { server in
            await #expect {
                _ = try await BootHTTPServer(
                    address: IPv4Address(value: 0x7f00_0001), port: UInt16(server.port), endpoints: fixture.endpoints)
            } throws: { ($0 as? SystemError)?.isAddressInUse == true }
        }
    }

    /// Sends all of `request`, then reads until the server closes.
    private func exchange(_ request: String, port: Int) async throws -> String {
        try await WireClient.onThread {
            let client = try WireClient(port: port)
            client.send(request)
            return client.receiveText()
        }
    }
}

/// Runs a server around `body`.
func withServer(
    _ fixture: EndpointsFixture? = nil, limits: HTTPLimits = HTTPLimits(), pace: StreamPace? = nil, tls: BootTLS? = nil,
    report: @escaping @Sendable (String) -> Void = { _ in },
    _ body: @Sendable (BootHTTPServer) async throws -> Void
) async throws {
    let fixture = if let fixture { fixture } else { try await EndpointsFixture() }
    let server = try await BootHTTPServer(
        address: IPv4Address(value: 0x7f00_0001), port: 0, endpoints: fixture.endpoints, limits: limits, pace: pace,
        tls: tls, report: report)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let result = await Result { try await body(server) }
        group.cancelAll()
        try await group.waitForAll()
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
