/// What `/api/v1` gives, as JSON. Addresses and MACs are text, times are milliseconds since 1970.

/// One DHCP lease: `/api/v1/leases`.
public struct LeaseResource: Codable, Hashable, Sendable {
    public enum State: String, Codable, Hashable, Sendable {
        case active, expired
    }

    public var address: String
    public var mac: String
    /// Nil for a machine that is no node.
    public var node: String?
    public var expires: Int64
    public var state: State

    public init(address: String, mac: String, node: String?, expires: Int64, state: State) {
        self.address = address
        self.mac = mac
        self.node = node
        self.expires = expires
        self.state = state
    }
}

/// One address that is kept for one machine: `/api/v1/reservations`.
public struct ReservationResource: Codable, Hashable, Sendable {
    public var address: String
    /// What the machine is told by: `mac 52:54:00:12:34:56`, `uuid …`, `client-id …`, `circuit-id …`.
    public var key: String
    public var hostname: String?

    public init(address: String, key: String, hostname: String?) {
        self.address = address
        self.key = key
        self.hostname = hostname
    }
}

/// One network that DHCP serves: `/api/v1/subnets`.
public struct SubnetResource: Codable, Hashable, Sendable {
    /// `10.0.0.0/24`
    public var subnet: String
    /// `10.0.0.100-10.0.0.199`
    public var ranges: [String]
    public var router: String?
    public var leaseSeconds: Int
    /// Addresses for clients in the ranges.
    public var size: Int
    /// Of these, leased now.
    public var leased: Int

    public init(subnet: String, ranges: [String], router: String?, leaseSeconds: Int, size: Int, leased: Int) {
        self.subnet = subnet
        self.ranges = ranges
        self.router = router
        self.leaseSeconds = leaseSeconds
        self.size = size
        self.leased = leased
    }
}

/// One machine of which there are captured frames: `/api/v1/captures`.
public struct CaptureResource: Codable, Hashable, Sendable {
    public var mac: String
    public var node: String?
    public var frames: Int
    public var newest: Int64

    public init(mac: String, node: String?, frames: Int, newest: Int64) {
        self.mac = mac
        self.node = node
        self.frames = frames
        self.newest = newest
    }
}

/// How the daemon is: `/api/v1/health`.
public struct HealthResource: Codable, Hashable, Sendable {
    public var version: String
    public var processID: Int32
    public var interface: String
    public var address: String
    /// When it started.
    public var since: Int64
    /// Frames that the link's watch looked at, lost, and passed over by sampling.
    public var framesWatched: Int
    public var framesLost: Int
    public var framesPassedOver: Int

    public init(
        version: String, processID: Int32, interface: String, address: String, since: Int64, framesWatched: Int,
        framesLost: Int, framesPassedOver: Int
    ) {
        self.version = version
        self.processID = processID
        self.interface = interface
        self.address = address
        self.since = since
        self.framesWatched = framesWatched
        self.framesLost = framesLost
        self.framesPassedOver = framesPassedOver
    }
}

/// One line of a stream: `/api/v1/events` and `/api/v1/packets`, JSON lines.
public struct WatchLine: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable {
        case packet, event
    }

    public var at: Int64
    public var kind: Kind
    public var mac: String
    public var node: String?
    /// What happened, one line for people.
    public var text: String

    public init(at: Int64, kind: Kind, mac: String, node: String?, text: String) {
        self.at = at
        self.kind = kind
        self.mac = mac
        self.node = node
        self.text = text
    }
}

/// An answer that is no success: `{"error": "…"}`.
public struct ErrorResource: Codable, Hashable, Sendable {
    /// What happened, where, what to do.
    public var error: String

    public init(error: String) {
        self.error = error
    }
}

/// One script that a node runs: `/api/v1/scripts/NODE`.
public struct ScriptResource: Codable, Hashable, Sendable {
    /// `handoff`, `ready`, `pre-install` or `post-install`.
    public var stage: String
    public var name: String
    /// Where it is from: `the capsule`, or its place in the state.
    public var source: String

    public init(stage: String, name: String, source: String) {
        self.stage = stage
        self.name = name
        self.source = source
    }
}

/// One generation of a capsule: `/api/v1/capsules`.
public struct CapsuleResource: Codable, Hashable, Sendable {
    public var name: String
    public var generation: Int
    /// Of its images, in bytes.
    public var storedBytes: Int64
    public var kernelRelease: String
    /// Seconds since 1970.
    public var created: Int64
    /// From then on no node boots it.
    public var expires: Int64?
    /// Nil: it was never tested.
    public var hasPassed: Bool?
    /// Those that point at it.
    public var channels: [String]

    public init(
        name: String, generation: Int, storedBytes: Int64, kernelRelease: String, created: Int64, expires: Int64?,
        hasPassed: Bool?, channels: [String]
    ) {
        self.name = name
        self.generation = generation
        self.storedBytes = storedBytes
        self.kernelRelease = kernelRelease
        self.created = created
        self.expires = expires
        self.hasPassed = hasPassed
        self.channels = channels
    }
}
