import NIOPosix

/// What all connections of a server share.
final class BootHTTPShared: Sendable {
    let endpoints: BootEndpoints
    let limits: HTTPLimits
    /// Of bundles; nil: as fast as they go.
    let pace: StreamPace?
    let admission: Admission
    let meter = HTTPMeter()
    let threads: NIOThreadPool
    /// Bytes pass through it on their way; nil: they go in the clear.
    let tls: BootTLS?
    let handshakes: HandshakeReports

    init(
        endpoints: BootEndpoints, limits: HTTPLimits, pace: StreamPace?, threads: NIOThreadPool, tls: BootTLS?,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.endpoints = endpoints
        self.limits = limits
        self.pace = pace
        admission = Admission(limits)
        self.threads = threads
        self.tls = tls
        handshakes = HandshakeReports(report)
    }
}
