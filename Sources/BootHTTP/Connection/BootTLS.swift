import NIOCore
import NIOSSL

/// What the boot plane shows its clients under TLS: a certificate chain and the key to it, read once.
public struct BootTLS: Sendable {
    private let context: NIOSSLContext
    /// When the chain's first certificate ends, in seconds since 1970.
    public let expires: Int64

    /// Reads PEM files; both may be the same one.
    /// - Parameters:
    ///   - certificate: path of the server's certificate, followed by those between it and its authority.
    ///   - key: path of its key, without a passphrase.
    public init(certificate: String, key: String) throws(BootTLSError) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw .certificate(path: certificate, reason: "\(error)")
        }
        guard let first = chain.first else { throw .certificate(path: certificate, reason: "there is none in it") }
        expires = Int64(first.notValidAfter)
        let secret: NIOSSLPrivateKey
        do {
            secret = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw .key(path: key, reason: "\(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
        // RFC 8996. The library's cipher suites stay: the last of them need no elliptic curves.
        configuration.minimumTLSVersion = .tlsv12
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .mismatch(certificate: certificate, key: key, reason: "\(error)")
        }
    }

    /// The handler of one connection.
    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}

/// Why there is no TLS.
public enum BootTLSError: Error, Hashable, CustomStringConvertible {
    case certificate(path: String, reason: String)
    case key(path: String, reason: String)
    case mismatch(certificate: String, key: String, reason: String)

    public var description: String {
        switch self {
        case .certificate(let path, let reason):
            "cannot read the certificate \(path): \(reason). It is to be PEM, the server's own certificate first"
        case .key(let path, let reason):
            "cannot read the key \(path): \(reason). It is to be PEM, without a passphrase"
        case .mismatch(let certificate, let key, let reason):
            "the certificate \(certificate) and the key \(key) do not go together: \(reason)"
        }
    }
}
