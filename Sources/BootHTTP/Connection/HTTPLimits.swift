/// What clients of the boot plane's HTTP may have at once, and how long they may take.
public struct HTTPLimits: Hashable, Sendable {
    /// Connections. Beyond it requests are put off and connections ended, but for check-ins, reports and health; at a
    /// quarter more, connections are closed unheard.
    public var connections = 8192
    /// Bundles, manifests and indexes under way to agents. Beyond it agents are put off with 503 and Retry-After. So
    /// many ranges of 2 MiB pass 1 Gbit/s in 17 s, well within an agent's patience of a minute.
    public var transfers = 1024
    /// Seconds from a request's first byte until its head is complete, and then until its body is.
    public var headSeconds: Int64 = 10
    public var bodySeconds: Int64 = 30
    /// Seconds without a request.
    public var idleSeconds: Int64 = 120
    /// Seconds without any room for the next bytes of an answer.
    public var stallSeconds: Int64 = 60

    public init() {}
}
