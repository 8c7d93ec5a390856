import BootProtocols
import Foundation
import Subprocess
import Synchronization
import Testing

@testable import BootHTTP

/// The server under TLS, with clients that are not ours: curl and openssl.
@Suite struct BootTLSTests {
    @Test func aFileComesWholeAndInPart() async throws {
        let pair = try await TestCertificate()
        try await withSecureServer(pair) { server, big in
            let url = "https://127.0.0.1:\(server.port)/boot/big.efi"
            let whole = try await Client.run("curl", ["-sS", "--cacert", pair.certificate, url])
            #expect(whole.status == 0 && whole.output == big, "\(whole.errors)")
            let part = try await Client.run(
                "curl", ["-sS", "--cacert", pair.certificate, "--range", "1000000-1999999", url])
            #expect(part.output == big[1_000_000..<2_000_000], "\(part.errors)")
            let twice = try await Client.run(
                "curl", ["-sS", "--cacert", pair.certificate, "-w", "%{num_connects}", "--range", "0-9", url, url])
            var expected = Data(big[..<10])
            expected += Data("1".utf8)
            expected += big[..<10]
            expected += Data("0".utf8)
            #expect(twice.output == expected, "the second request takes the same connection")
            let empty = try await Client.run(
                "curl", ["-sSi", "--cacert", pair.certificate, url.replacing("big", with: "empty")])
            #expect(
                empty.status == 0 && String(decoding: empty.output, as: UTF8.self).contains("Content-Length: 0\r\n"),
                "\(empty.errors)")
        }
    }

    @Test func whoDoesNotTrustTheCertificateIsHeardOf() async throws {
        let pair = try await TestCertificate()
        let other = try await TestCertificate()
        let heard = Heard()
        try await withSecureServer(pair, report: heard.add) { server, _ in
            let url = "https://127.0.0.1:\(server.port)/boot/big.efi"
            let outcome = try await Client.run("curl", ["-sS", "--cacert", other.certificate, url])
            #expect(outcome.status == 60 && outcome.output.isEmpty, "curl's status for a certificate it does not trust")
            while server.counters.connections > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(server.counters.handshakeFailures == 1)
            #expect(heard.all.count == 1 && heard.all.first?.contains("127.0.0.1") == true, "\(heard.all)")
            #expect(server.counters.requests == 0)
        }
    }

    @Test(arguments: [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func onlyNewVersionsAreSpoken(version: String, isSpoken: Bool) async throws {
        let pair = try await TestCertificate()
        try await withSecureServer(pair) { server, _ in
            let outcome = try await Client.run(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", pair.certificate, version, "-cipher",
                    "DEFAULT@SECLEVEL=0", "-verify_return_error",
                ])
            #expect((outcome.status == 0) == isSpoken, "\(outcome.errors)")
        }
    }

    @Test func aRenewedCertificateIsShownFromTheNextHandshakeOn() async throws {
        let (pair, other) = (try await TestCertificate(), try await TestCertificate())
        let tls = try BootTLS(certificate: pair.certificate, key: pair.key)
        #expect(try !tls.renew(), "nothing has changed")
        try await withSecureServer(pair, tls: tls) { server, _ in
            let url = "https://127.0.0.1:\(server.port)/boot/snponly.efi"
            func isTrusted(_ authority: String) async throws -> Bool {
                try await Client.run("curl", ["-sS", "--cacert", authority, url]).output
                    == Data(EndpointsFixture.loader)
            }
            let old = pair.certificate + ".old"
            try FileManager.default.copyItem(atPath: pair.certificate, toPath: old)
            #expect(try await isTrusted(old))
            // One after the other, as a program renews them: between the two they do not go together.
            try Data(contentsOf: URL(fileURLWithPath: other.certificate))
                .write(to: URL(fileURLWithPath: pair.certificate), options: .atomic)
            #expect(throws: BootTLSError.self) { try tls.renew() }
            #expect(try !tls.renew(), "what is wrong is said once")
            #expect(try await isTrusted(old))
            try Data(contentsOf: URL(fileURLWithPath: other.key))
                .write(to: URL(fileURLWithPath: pair.key), options: .atomic)
            #expect(try tls.renew())
            #expect(try await isTrusted(other.certificate))
            #expect(try await !isTrusted(old))
        }
    }

    /// Firmware need not have elliptic curves.
    @Test func firmwareWithoutEllipticCurvesIsServed() async throws {
        let pair = try await TestCertificate()
        try await withSecureServer(pair) { server, _ in
            let outcome = try await Client.run(
                "curl",
                [
                    "-sS", "--cacert", pair.certificate, "--tls-max", "1.2", "--ciphers", "AES128-GCM-SHA256",
                    "https://127.0.0.1:\(server.port)/boot/snponly.efi",
                ])
            #expect(outcome.output == Data(EndpointsFixture.loader), "\(outcome.errors)")
        }
    }

    @Test func plainHTTPIsClosed() async throws {
        let pair = try await TestCertificate()
        try await withSecureServer(pair) { server, _ in
            let answer = try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send("GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\n\r\n")
                return client.receiveText()
            }
            #expect(!answer.contains("HTTP/"))
            #expect(server.counters.requests == 0)
        }
    }

    @Test func filesThatDoNotFitAreNamed() async throws {
        let (pair, other) = (try await TestCertificate(), try await TestCertificate())
        #expect { try BootTLS(certificate: pair.certificate, key: other.key) } throws: {
            "\($0)".contains("do not go together") && "\($0)".contains(other.key)
        }
        #expect { try BootTLS(certificate: "/no/such", key: pair.key) } throws: { "\($0)".contains("/no/such") }
        #expect { try BootTLS(certificate: pair.certificate, key: "/no/such") } throws: { "\($0)".contains("/no/such") }
        #expect { try BootTLS(certificate: pair.key, key: pair.key) } throws: { "\($0)".contains("certificate") }
        let left =
            try BootTLS(certificate: pair.certificate, key: pair.key).expires - Int64(Date.now.timeIntervalSince1970)
        #expect((86_000...2 * 86_400).contains(left), "made for two days")
    }
}

/// A certificate for 127.0.0.1 that is its own authority, made by openssl for two days.
final class TestCertificate: Sendable {
    let directory: String
    var certificate: String { directory + "/cert.pem" }
    var key: String { directory + "/key.pem" }

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let outcome = try await Client.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem",
            ])
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }
}

/// What a server reported.
private final class Heard: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    @Sendable func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Runs a program to its end without any input.
enum Client {
    struct Outcome: Sendable {
        /// Of its exit; nil: a signal ended it.
        var status: Int?
        var output: Data
        var errors: String
    }

    static func run(_ program: String, _ arguments: [String]) async throws -> Outcome {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), input: .none, output: .bytes(limit: 32 << 20),
            error: .string(limit: 1 << 20))
        var status: Int?
        if case .exited(let code) = result.terminationStatus { status = Int(code) }
        return Outcome(status: status, output: Data(result.standardOutput), errors: result.standardError)
    }
}

/// Runs a server with a big file and an empty one under TLS around `body`.
private func withSecureServer(
    _ pair: TestCertificate, tls given: BootTLS? = nil, report: @escaping @Sendable (String) -> Void = { _ in },
    _ body: @escaping @Sendable (BootHTTPServer, Data) async throws -> Void
) async throws {
    let fixture = try await EndpointsFixture()
    let big = Data((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    try big.write(to: URL(fileURLWithPath: fixture.path + "/loaders/big.efi"))
    try Data().write(to: URL(fileURLWithPath: fixture.path + "/loaders/empty.efi"))
    let tls = try given ?? BootTLS(certificate: pair.certificate, key: pair.key)
    try await withServer(fixture, tls: tls, report: report) { try await body($0, big) }
}
