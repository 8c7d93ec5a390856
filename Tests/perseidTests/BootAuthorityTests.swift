import BootHTTP
import BootProtocols
import Foundation
import Testing

@testable import perseid

@Suite struct BootAuthorityTests {
    private let state: StateDirectory
    private let authority: BootAuthority
    private let address = IPv4Address(value: 0x0a4d_0001)

    init() throws {
        state = try StateDirectory(
            path: FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path)
        authority = BootAuthority(in: state)
    }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: authority.directory).sorted()
    }

    private func contents(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(authority.directory)/\(name)"))
    }

    @Test func certificatesAreMadeOnceAndAgainForAnotherAddress() throws {
        defer { try? FileManager.default.removeItem(atPath: state.path) }
        _ = try authority.tls(for: address)
        #expect(try files() == ["ca.cer", "ca.key", "ca.pem", "server-10.77.0.1.pem"], "nothing else is left")
        for name in ["ca.key", "server-10.77.0.1.pem"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(authority.directory)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name) holds a key")
        }
        #expect(try contents("ca.cer").prefix(2) == Data([0x30, 0x82]), "DER")
        let (first, server) = (try contents("ca.pem"), try contents("server-10.77.0.1.pem"))
        _ = try authority.tls(for: address)
        #expect(try contents("server-10.77.0.1.pem") == server, "made once")
        _ = try authority.tls(for: IPv4Address(value: 0x0a4d_0002))
        #expect(try files().contains("server-10.77.0.2.pem"))
        #expect(try contents("ca.pem") == first, "firmware goes on trusting it")
    }

    @Test func aCertificateThatEndsSoonIsMadeAnew() throws {
        defer { try? FileManager.default.removeItem(atPath: state.path) }
        let made = try authority.tls(for: address)
        let path = authority.directory + "/server-10.77.0.1.pem"
        let log = state.path + "/log"
        try OpenSSL.run(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "300", "-subj", "/CN=x", "-keyout",
                path + ".k", "-out", path,
            ],
            log: log)
        try (contents("server-10.77.0.1.pem") + contents("server-10.77.0.1.pem.k")).write(
            to: URL(fileURLWithPath: path))
        let short = try BootTLS(certificate: path, key: path)
        let again = try authority.tls(for: address)
        #expect(short.expires < again.expires && again.expires >= made.expires)
    }

    @Test func anAuthorityThatIsGoneTakesItsCertificatesAlong() throws {
        defer { try? FileManager.default.removeItem(atPath: state.path) }
        _ = try authority.tls(for: address)
        let old = try contents("server-10.77.0.1.pem")
        try FileManager.default.removeItem(atPath: authority.certificate)
        _ = try authority.tls(for: address)
        #expect(try contents("server-10.77.0.1.pem") != old)
    }

    @Test func whatOpenSSLSaysIsInTheError() throws {
        defer { try? FileManager.default.removeItem(atPath: state.path) }
        #expect {
            try OpenSSL.run(["x509", "-in", "/no/such/file"], log: state.path + "/log")
        } throws: { "\($0)".contains("/no/such/file") }
    }
}
