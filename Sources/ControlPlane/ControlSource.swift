public import Administration

/// Where the control plane's answers come from: the daemon, or a test. Every closure may be called from any thread at
/// any time.
public struct ControlSource: Sendable {
    public var health: @Sendable () -> HealthResource
    /// The leases that are not over, by address; with `all` the others too.
    public var leases: @Sendable (_ all: Bool) -> [LeaseResource]
    public var reservations: @Sendable () -> [ReservationResource]
    public var subnets: @Sendable () -> [SubnetResource]
    public var captures: @Sendable () -> [CaptureResource]
    /// A node's last frames as a capture file (pcap), by name or MAC.
    public var capture: @Sendable (_ node: String) throws(ControlProblem) -> [UInt8]
    /// What happens from now on, to one node or to all.
    public var events: @Sendable (_ node: String?) throws(ControlProblem) -> AsyncStream<WatchLine>
    /// Frames of DHCP, PXE, TFTP and ARP from now on.
    public var packets: @Sendable (_ node: String?) throws(ControlProblem) -> AsyncStream<WatchLine>
    /// What a node would run at its next boot, and where each script is from.
    public var scripts: @Sendable (_ node: String) throws(ControlProblem) -> [ScriptResource]
    /// Capsules by name, each generation.
    public var capsules: @Sendable () throws(ControlProblem) -> [CapsuleResource]
    public var doctor: @Sendable () -> DoctorReport
    /// What the servers have done so far.
    public var metrics: @Sendable () -> MetricsText

    /// Nodes, groups, attempts, and the history of changes.
    public var registry: RegistryAPI
    /// The name of a user of this host.
    public var userName: @Sendable (UInt32) -> String

    public init(
        registry: RegistryAPI, userName: @escaping @Sendable (UInt32) -> String,
        health: @escaping @Sendable () -> HealthResource,
        leases: @escaping @Sendable (_ all: Bool) -> [LeaseResource],
        reservations: @escaping @Sendable () -> [ReservationResource],
        subnets: @escaping @Sendable () -> [SubnetResource],
        captures: @escaping @Sendable () -> [CaptureResource],
        capture: @escaping @Sendable (_ node: String) throws(ControlProblem) -> [UInt8],
        events: @escaping @Sendable (_ node: String?) throws(ControlProblem) -> AsyncStream<WatchLine>,
        packets: @escaping @Sendable (_ node: String?) throws(ControlProblem) -> AsyncStream<WatchLine>,
        scripts: @escaping @Sendable (_ node: String) throws(ControlProblem) -> [ScriptResource],
        capsules: @escaping @Sendable () throws(ControlProblem) -> [CapsuleResource],
        doctor: @escaping @Sendable () -> DoctorReport,
        metrics: @escaping @Sendable () -> MetricsText
    ) {
        self.registry = registry
        self.userName = userName
        self.health = health
        self.leases = leases
        self.reservations = reservations
        self.subnets = subnets
        self.captures = captures
        self.capture = capture
        self.events = events
        self.packets = packets
        self.scripts = scripts
        self.capsules = capsules
        self.doctor = doctor
        self.metrics = metrics
    }
}

/// Why a request has no answer.
public enum ControlProblem: Error, Hashable, Sendable {
    /// There is no such thing; the text says what, and how to see what there is.
    case notFound(String)
    /// The request itself is wrong.
    case badRequest(String)
    /// It is at odds with what is there.
    case conflict(String)
    /// The one who asks may not.
    case forbidden(String)
    case failed(String)
}

extension ControlProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let text), .badRequest(let text), .conflict(let text), .forbidden(let text), .failed(let text):
            text
        }
    }
}

extension ControlProblem {
    public init(_ problem: AdminProblem) {
        self =
            switch problem {
            case .notFound(let text): .notFound(text)
            case .badRequest(let text): .badRequest(text)
            case .conflict(let text), .changedMeanwhile(let text): .conflict(text)
            case .failed(let text): .failed(text)
            }
    }
}
