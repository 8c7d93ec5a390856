import BootProtocols
import Foundation
import PacketIO
import Testing

@testable import BootHTTP

/// The server on a real socket, with requests as they stand on the wire.
@Suite struct BootHTTPServerTests {
    @Test func requestsOnOneConnectionAreAnsweredInOrder() async throws {
        try await withServer { port in
            let head = "GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n"
            let last = "HEAD /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(head + head + last, port: port)
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
    ])
    func whatDoesNotFitIsRefused(request: String, status: String) async throws {
        let padding = status == "413" ? String(repeating: "x", count: 300_000) : ""
        try await withServer { port in
            let answer = try await exchange(request + padding, port: port)
            #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer.prefix(200))")
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        let fixture = try await EndpointsFixture()
        try await withServer { port in
            await #expect {
                _ = try await BootHTTPServer(
                    address: IPv4Address(value: 0x7f00_0001), port: UInt16(port), endpoints: fixture.endpoints)
            } throws: { ($0 as? SystemError)?.isAddressInUse == true }
        }
    }

    private func withServer(_ body: @Sendable (Int) async throws -> Void) async throws {
        let fixture = try await EndpointsFixture()
        let server = try await BootHTTPServer(
            address: IPv4Address(value: 0x7f00_0001), port: 0, endpoints: fixture.endpoints)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(server.port)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Sends all of `request`, then reads until the server closes. On a thread: the calls block.
    private func exchange(_ request: String, port: Int) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.blockingExchange(request, port: port) })
            }
        }
    }

    private static func blockingExchange(_ request: String, port: Int) throws -> String {
        let descriptor = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = try systemCall("connect") {
                    connect(descriptor.raw, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        // A server that refuses early may reset the connection while the rest is still being sent.
        _ = Array(request.utf8).withUnsafeBytes {
            send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        var answer: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while let got = try? descriptor.read(into: buffer), got > 0 { answer += buffer[..<got] }
        return String(decoding: answer, as: UTF8.self)
    }
}
