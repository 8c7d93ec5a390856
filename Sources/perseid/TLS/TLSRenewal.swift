import BootHTTP
import BootProtocols
import Foundation
import Logging

/// Takes over certificates that are renewed while the server runs: another program writes new files, or the server's
/// own authority makes a new one when the old one ends soon.
struct TLSRenewal: Sendable {
    let tls: BootTLS
    /// Nil where the configuration names files.
    let authority: BootAuthority?
    let address: IPv4Address
    let logger: Logger

    private static let interval = Duration.seconds(5)
    /// A certificate of ours is renewed a year before its end.
    private static let looksPerDay = 86_400 / 5

    /// Looks every few seconds, until its task is cancelled.
    func run() async throws {
        var looks = 0
        while true {
            try await Task.sleep(for: Self.interval)
            looks += 1
            look(withAuthority: looks.isMultiple(of: Self.looksPerDay))
        }
    }

    func look(withAuthority: Bool) {
        do {
            if withAuthority { _ = try authority?.tls(for: address) }
            guard try tls.renew() else { return }
            let end = Date(timeIntervalSince1970: TimeInterval(tls.expires))
            logger.info("the TLS certificate has been read again; it ends on \(end.formatted(.iso8601))")
        } catch {
            logger.error("\(error). What was read before stays in use")
        }
    }
}
