public import BootProtocols

/// What stage 1 sends first, with the token of its boot script: `POST /node/v1/check-in`.
public struct CheckIn: Codable, Hashable, Sendable {
    /// Which kernel the agent runs under.
    public enum Phase: String, Codable, Hashable, Sendable {
        case stage1
        /// After a kexec into the capsule's kernel, before the root is there.
        case runtimeKernel = "runtime-kernel"
        /// The runtime OS of an installed machine, with the credential of its install.
        case installed
    }

    public var phase: Phase
    public var mac: MACAddress
    public var address: IPv4Address
    /// `uname -r`
    public var kernelRelease: String
    /// Lower case hex SHA-256 of the running kernel's file as the boot script named it, if known.
    public var kernelDigest: String?
    public var inventory: Inventory
    /// What the node's own files are to be encrypted for: an X25519 public key, base64, new for each boot attempt.
    public var layerKey: String?

    public init(
        phase: Phase, mac: MACAddress, address: IPv4Address, kernelRelease: String, kernelDigest: String?,
        inventory: Inventory, layerKey: String? = nil
    ) {
        self.phase = phase
        self.mac = mac
        self.address = address
        self.kernelRelease = kernelRelease
        self.kernelDigest = kernelDigest
        self.inventory = inventory
        self.layerKey = layerKey
    }
}

/// The answer to a check-in.
public struct CheckInReply: Codable, Hashable, Sendable {
    public var attempt: Int64
    /// Replaces the boot script's token, which the node's users can read in `/proc/cmdline` and which
    /// is worth nothing after the handoff. Held in memory and in root-only files.
    public var token: String
    public var plan: Plan

    public init(attempt: Int64, token: String, plan: Plan) {
        self.attempt = attempt
        self.token = token
        self.plan = plan
    }
}

/// What the agent reports of itself, with its token: `POST /node/v1/report`.
public struct AgentReport: Codable, Hashable, Sendable {
    /// Those of `BootEvent.Kind` that an agent may say: progress, chunk-rejected, transfer-resumed,
    /// handing-off, ready, heartbeat, failed.
    public var kind: BootEvent.Kind
    public var bytes: Int64?
    public var milliseconds: Int64?
    public var percent: Int?
    /// At most 1,000 bytes of UTF-8 are kept.
    public var detail: String
    /// With `ready` and `heartbeat`: the generation that runs.
    public var capsule: String?
    /// With `ready` and `heartbeat`: SHA-256 in hex of that generation's index, which names every byte of its images.
    public var content: String?
    /// With `ready`: that this generation is what the machine's own disk has.
    public var isOnDisk: Bool?
    /// With `installed`: the number of the order that was carried out.
    public var install: Int64?
    /// What was learnt of the machine since its check-in, the switch's port above all.
    public var hardware: Hardware?

    public init(
        kind: BootEvent.Kind, bytes: Int64? = nil, milliseconds: Int64? = nil, percent: Int? = nil,
        detail: String = "", capsule: String? = nil, content: String? = nil, isOnDisk: Bool? = nil,
        install: Int64? = nil, hardware: Hardware? = nil
    ) {
        self.kind = kind
        self.bytes = bytes
        self.milliseconds = milliseconds
        self.percent = percent
        self.detail = detail
        self.capsule = capsule
        self.content = content
        self.isOnDisk = isOnDisk
        self.install = install
        self.hardware = hardware
    }
}
