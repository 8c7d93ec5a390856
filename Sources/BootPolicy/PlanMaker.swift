public import BootMachine
public import Registry

/// What a plan needs to know of a capsule.
public struct BootableCapsule: Hashable, Sendable {
    /// Exact generation, `compute@12`.
    public var reference: String
    /// SHA-256 of its kernel, lower case hex.
    public var kernelDigest: String
    public var kernelRelease: String

    public init(reference: String, kernelDigest: String, kernelRelease: String) {
        self.reference = reference
        self.kernelDigest = kernelDigest
        self.kernelRelease = kernelRelease
    }
}

/// Decides what a node does on this attempt: a pure function of the node, what it said, and the settings.
public struct PlanMaker: Sendable {
    /// For nodes that name no capsule themselves.
    public var defaultCapsule: String?
    /// Nil: as the kernels demand.
    public var handoff: Plan.Handoff?
    public var servers: [String]
    /// Seconds between heartbeats of a ready node, and between check-ins of a waiting one.
    public var heartbeatSeconds: Int
    public var waitSeconds: Int
    /// How fast a node may fetch that has no `nodeRate`, nor its groups; nil: as fast as it goes.
    public var bytesPerSecond: Int64?
    /// The disk on which nodes keep chunks, where they have one.
    public var cache: Plan.Cache?

    public init(
        defaultCapsule: String?, handoff: Plan.Handoff? = nil, servers: [String], heartbeatSeconds: Int = 30,
        waitSeconds: Int = 15, bytesPerSecond: Int64? = nil, cache: Plan.Cache? = .standard
    ) {
        self.defaultCapsule = defaultCapsule
        self.handoff = handoff
        self.servers = servers
        self.heartbeatSeconds = heartbeatSeconds
        self.waitSeconds = waitSeconds
        self.bytesPerSecond = bytesPerSecond
        self.cache = cache
    }

    /// The plan for `node`. `resolve` turns a reference into the generation that it means now, or throws the reason
    /// why there is none.
    /// - Parameters:
    ///   - groups: whose settings it takes where it has none of its own.
    ///   - boot: what it boots on this attempt instead of what its settings say.
    public func plan(
        for node: Node, groups: GroupTree = GroupTree(), boot: NextBoot? = nil, checkIn: CheckIn,
        install: InstallState? = nil, resolve: (String) throws -> BootableCapsule
    ) -> Plan {
        guard checkIn.phase != .installed else { return local(node, "it runs from its disk", install) }
        guard node.enabled else { return wait(node, because: "the node is disabled") }
        guard node.approved else { return wait(node, because: "the node is in quarantine until an admin approves it") }
        // A boot of another capsule leaves the disk alone.
        let install = boot?.isOfAnotherCapsule == true ? nil : install
        if let install, install.isDone { return local(node, "its disk has install \(install.achieved)", install) }
        let settings = groups.settings(of: node, server: serverSettings)
        guard let (wanted, source) = choice(settings, boot) else {
            return wait(node, because: "neither the node nor the server names a capsule")
        }
        let capsule: BootableCapsule
        do {
            capsule = try resolve(wanted)
        } catch {
            return wait(node, because: "\(error)")
        }
        var reasons = ["capsule \(capsule.reference): \(wanted) of \(source)"]
        if let install, install.isDue {
            reasons.append("install \(install.desired) was asked for, its disk has \(install.achieved)")
            return Plan(
                action: .disk, nodeName: node.name, capsule: capsule.reference, handoff: .switch, servers: servers,
                waitSeconds: heartbeatSeconds, bytesPerSecond: pace(settings), cache: cache, reasons: reasons)
        }
        guard let handoff = chooseHandoff(settings.handoff, checkIn: checkIn, capsule: capsule, reasons: &reasons)
        else {
            return wait(node, because: reasons.last ?? "no handoff fits")
        }
        return Plan(
            action: .diskless, nodeName: node.name, capsule: capsule.reference, handoff: handoff, servers: servers,
            waitSeconds: heartbeatSeconds, bytesPerSecond: pace(settings), cache: cache, reasons: reasons)
    }

    private var serverSettings: NodeSettings {
        NodeSettings(capsule: defaultCapsule, handoff: handoff, nodeRate: bytesPerSecond)
    }

    /// The pace that an agent is told. One of the node or a group may change while the node fetches: the server keeps
    /// it, as it keeps every pace, and the agent need not know.
    private func pace(_ settings: ResolvedSettings) -> Int64? {
        settings.nodeRate.flatMap { $0.source == .server ? $0.value : nil }
    }

    /// The capsule that is wanted, and who wants it.
    private func choice(_ settings: ResolvedSettings, _ boot: NextBoot?) -> (wanted: String, source: String)? {
        if let boot, case .capsule(let reference) = boot.target {
            return (reference, "its next boot (\(boot.duration.rawValue))")
        }
        return settings.capsule.map { ($0.value, $0.source.description) }
    }

    private func chooseHandoff(
        _ asked: ResolvedSettings.Value<Plan.Handoff>?, checkIn: CheckIn, capsule: BootableCapsule,
        reasons: inout [String]
    ) -> Plan.Handoff? {
        // A node under the runtime kernel has its kexec behind it.
        let runsIt = checkIn.phase == .runtimeKernel || checkIn.kernelDigest == capsule.kernelDigest
        if checkIn.phase == .runtimeKernel {
            reasons.append("switch: the capsule's kernel \(checkIn.kernelRelease) runs since the kexec")
            return .switch
        }
        switch asked?.value {
        case .kexec:
            reasons.append("kexec: asked for by \(asked?.source.description ?? "nobody")")
            return .kexec
        case .switch:
            guard runsIt else {
                reasons.append(
                    "switch is asked for, but stage 1 runs kernel \(checkIn.kernelRelease) and capsule "
                        + "\(capsule.reference) brings \(capsule.kernelRelease)")
                return nil
            }
            reasons.append("switch: asked for by \(asked?.source.description ?? "nobody")")
            return .switch
        case nil:
            reasons.append(
                runsIt
                    ? "switch: stage 1's kernel is the capsule's own"
                    : "kexec: stage 1 runs kernel \(checkIn.kernelRelease), the capsule brings \(capsule.kernelRelease)"
            )
            return runsIt ? .switch : .kexec
        }
    }

    private func local(_ node: Node, _ reason: String, _ install: InstallState?) -> Plan {
        Plan(
            action: .local, nodeName: node.name, capsule: install?.capsule, handoff: .switch, servers: servers,
            waitSeconds: heartbeatSeconds, reasons: ["local: \(reason)"])
    }

    /// For a node with nothing to do yet.
    public func wait(_ node: Node, because reason: String) -> Plan {
        Plan(
            action: .wait, nodeName: node.name, capsule: nil, handoff: .switch, servers: servers,
            waitSeconds: waitSeconds, reasons: [reason])
    }
}
