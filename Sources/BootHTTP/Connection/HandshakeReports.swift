import NIOSSL
import PacketIO
import Synchronization

/// Tells why handshakes fail, at most once a second: anyone can make one fail.
final class HandshakeReports: Sendable {
    private let report: @Sendable (String) -> Void
    /// Milliseconds of the monotonic clock.
    private let next = Atomic<Int64>(0)

    init(_ report: @escaping @Sendable (String) -> Void) {
        self.report = report
    }

    func tell(_ text: () -> String) {
        let now = monotonicMilliseconds()
        let due = next.load(ordering: .relaxed)
        guard now >= due,
            next.compareExchange(expected: due, desired: now + 1000, ordering: .relaxed).exchanged
        else { return }
        report(text())
    }
}

extension BootHTTPConnection {
    /// Firmware that does not trust the certificate tells nobody but this server, by an alert (RFC 8446, 6.2).
    func noteHandshake(failedBy error: any Error) {
        guard let error = error as? NIOSSLError, case .handshakeFailed(let reason) = error else { return }
        server.meter.handshakeFailures.add(1, ordering: .relaxed)
        server.handshakes.tell { [client] in
            "TLS with \(client.map { "\($0)" } ?? "a client") failed: \(reason)"
        }
    }
}
