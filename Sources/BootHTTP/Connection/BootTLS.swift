import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// What the boot plane shows its clients under TLS: a certificate chain and the key to it, read from files, and read
/// again by `renew` when these have changed.
public struct BootTLS: Sendable {
    private struct Shown {
        var context: NIOSSLContext
        var expires: Int64
        /// Of the files when they were last read, whether that went well or not.
        var stamps: [FileStamp?]
    }

    private final class Current: Sendable {
        let shown: Mutex<Shown>

        init(_ shown: sending Shown) { self.shown = Mutex(shown) }
    }

    private let certificate: String
    private let key: String
    private let current: Current

    /// When the chain's first certificate ends, in seconds since 1970.
    public var expires: Int64 { current.shown.withLock { $0.expires } }

    /// Reads PEM files; both may be the same one.
    /// - Parameters:
    ///   - certificate: path of the server's certificate, followed by those between it and its authority.
    ///   - key: path of its key, without a passphrase.
    public init(certificate: String, key: String) throws(BootTLSError) {
        // Before the files are read: what is written meanwhile is read next time.
        let stamps = [FileStamp(certificate), FileStamp(key)]
        let (context, expires) = try Self.read(certificate, key)
        self.certificate = certificate
        self.key = key
        current = Current(Shown(context: context, expires: expires, stamps: stamps))
    }

    /// Reads the files again if they are others than before: handshakes from now on show what they hold, connections
    /// that are open go on. What cannot be used changes nothing, and is an error once.
    /// - Returns: whether there is something new to show.
    public func renew() throws(BootTLSError) -> Bool {
        let stamps = [FileStamp(certificate), FileStamp(key)]
        let hasChanged = current.shown.withLock { shown in
            defer { shown.stamps = stamps }
            return shown.stamps != stamps
        }
        guard hasChanged else { return false }
        let (context, expires) = try Self.read(certificate, key)
        current.shown.withLock { shown in
            shown.context = context
            shown.expires = expires
        }
        return true
    }

    private static func read(
        _ certificate: String, _ key: String
    ) throws(BootTLSError) -> (context: NIOSSLContext, expires: Int64) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw .certificate(path: certificate, reason: "\(error)")
        }
        guard let first = chain.first else { throw .certificate(path: certificate, reason: "there is none in it") }
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
            return (try NIOSSLContext(configuration: configuration), Int64(first.notValidAfter))
        } catch {
            throw .mismatch(certificate: certificate, key: key, reason: "\(error)")
        }
    }

    /// The handler of one connection.
    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: current.shown.withLock { $0.context }) }
}

/// Which file a path leads to, and in which state. Nil where there is none.
private struct FileStamp: Hashable, Sendable {
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
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
