import NIOPosix

/// What all connections of a server share.
final class BootHTTPShared: Sendable {
    let endpoints: BootEndpoints
    let limits: HTTPLimits
    let admission: Admission
    let meter = HTTPMeter()
    let threads: NIOThreadPool
    /// Bytes pass through it on their way; nil: they go in the clear.
    let tls: BootTLS?
    let handshakes: HandshakeReports

    init(
        endpoints: BootEndpoints, limits: HTTPLimits, threads: NIOThreadPool, tls: BootTLS?,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.endpoints = endpoints
        self.limits = limits
        admission = Admission(limits)
        self.threads = threads
        self.tls = tls
        handshakes = HandshakeReports(report)
    }
}
