import NIOPosix

/// What all connections of a server share.
final class BootHTTPShared: Sendable {
    let endpoints: BootEndpoints
    let limits: HTTPLimits
    let admission: Admission
    let meter = HTTPMeter()
    let threads: NIOThreadPool
    /// Bytes pass through TLS on their way.
    let isSecure: Bool

    init(endpoints: BootEndpoints, limits: HTTPLimits, threads: NIOThreadPool, isSecure: Bool) {
        self.endpoints = endpoints
        self.limits = limits
        admission = Admission(limits)
        self.threads = threads
        self.isSecure = isSecure
    }
}
