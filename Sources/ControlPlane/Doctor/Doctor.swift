import PacketIO

/// The checks of `perseid doctor`: facts in, findings out, in the order in which one looks for a fault.
public enum Doctor {
    public static func examine(_ facts: DoctorFacts) -> DoctorReport {
        DoctorReport(checks: checks.flatMap { $0(facts) })
    }

    private static let checks: [@Sendable (DoctorFacts) -> [DoctorCheck]] = [
        daemon, interface, mtu, ports, foreignServers, duplicates, occupied, pools, state, space, stage1, capsules,
        clock,
        routing,
        reversePath, watch,
    ]

    // MARK: - The network

    @Sendable private static func daemon(_ facts: DoctorFacts) -> [DoctorCheck] {
        facts.isServing
            ? [DoctorCheck("daemon", .ok, "it runs")]
            : [
                DoctorCheck(
                    "daemon", .warn, "no `perseid serve` runs with the state \(facts.state)",
                    advice: "start it: `perseid serve --interface eth1`. What only it can see was not checked")
            ]
    }

    @Sendable private static func interface(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let name = facts.interfaceName else { return [] }
        guard let interface = facts.interface else {
            return [DoctorCheck("interface", .fail, "\(name) is gone", advice: "`ip link` shows those that exist")]
        }
        if !interface.isUp {
            return [DoctorCheck("interface", .fail, "\(name) is down", advice: "`ip link set \(name) up`")]
        }
        if interface.addresses.isEmpty {
            return [
                DoctorCheck(
                    "interface", .fail, "\(name) has no IPv4 address",
                    advice: "`ip address add 10.0.0.1/24 dev \(name)`, then start the server again")
            ]
        }
        if !interface.hasCarrier {
            return [
                DoctorCheck(
                    "interface", .fail, "\(name) has no carrier", advice: "look at the cable and at the switch's port")
            ]
        }
        let addresses = interface.addresses.map { "\($0.address)/\($0.prefixLength)" }.joined(separator: ", ")
        return [DoctorCheck("interface", .ok, "\(name) is up with \(addresses)")]
    }

    @Sendable private static func mtu(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let interface = facts.interface else { return [] }
        if interface.mtu < 1500 {
            return [
                DoctorCheck(
                    "MTU", .warn, "\(interface.name) has an MTU of \(interface.mtu), less than Ethernet's 1500",
                    advice:
                        "ROMs send frames of 1500 bytes: `ip link set \(interface.name) mtu 1500`, and the same on the "
                        + "switch")
            ]
        }
        return [DoctorCheck("MTU", .ok, "\(interface.mtu) bytes")]
    }

    @Sendable private static func ports(_ facts: DoctorFacts) -> [DoctorCheck] {
        let others = facts.portHolders.filter { $0.processID == nil || $0.processID != facts.ownProcess }
        guard !others.isEmpty else {
            return [DoctorCheck("ports", .ok, facts.isServing ? "held by this server" : "free")]
        }
        let words = others.map(\.description).joined(separator: "; ")
        return facts.isServing
            ? [
                DoctorCheck(
                    "ports", .warn, "others have these ports too: \(words)",
                    advice: "if they serve the same interface, stop them")
            ]
            : [DoctorCheck("ports", .fail, words, advice: "stop that, or serve another interface")]
    }

    @Sendable private static func foreignServers(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let servers = facts.foreignServers else { return [] }
        guard !servers.isEmpty else { return [DoctorCheck("other DHCP servers", .ok, "none seen")] }
        let advice =
            facts.isProxy
            ? "one more than the main one gives addresses here: find it by its MAC in the switch's tables"
            : "find it by its MAC in the switch's tables and stop it, or let it give the addresses and serve as a proxy"
        return servers.map { DoctorCheck("other DHCP servers", .fail, $0, advice: advice) }
    }

    @Sendable private static func duplicates(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let duplicates = facts.duplicates else { return [] }
        guard !duplicates.isEmpty else { return [DoctorCheck("duplicate addresses", .ok, "none seen")] }
        return duplicates.map {
            DoctorCheck(
                "duplicate addresses", .fail, $0,
                advice: "a static address in the pool: move that host, or leave its address out of the pool")
        }
    }

    @Sendable private static func occupied(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard !facts.occupied.isEmpty else { return [] }
        return [
            DoctorCheck(
                "static addresses", .warn,
                "hosts without a lease use addresses of the pool: " + facts.occupied.prefix(8).joined(separator: ", "),
                advice: "they are given to nobody; better leave them out of the pool")
        ]
    }

    @Sendable private static func pools(_ facts: DoctorFacts) -> [DoctorCheck] {
        facts.subnets.map { subnet in
            let text = "\(subnet.leased) of \(subnet.size) addresses of \(subnet.subnet) are leased"
            if subnet.leased >= subnet.size, subnet.size > 0 {
                return DoctorCheck(
                    "pool", .fail, text, advice: "give a larger --pool, or shorter leases with --lease-seconds")
            }
            if subnet.leased * 10 >= subnet.size * 9 {
                return DoctorCheck(
                    "pool", .warn, text, advice: "it is nearly full: a larger --pool, or shorter leases")
            }
            return DoctorCheck("pool", .ok, text)
        }
    }

    // MARK: - The state

    @Sendable private static func state(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let mode = facts.stateMode else {
            return [
                DoctorCheck(
                    "state", .fail, "\(facts.state) is not there, or cannot be read",
                    advice: "name it with --state; `perseid serve` makes it")
            ]
        }
        if mode & 0o077 != 0 {
            return [
                DoctorCheck(
                    "state", .fail, "\(facts.state) is open to others (mode \(String(mode & 0o7777, radix: 8)))",
                    advice: "there are keys in it: `chmod 700 \(facts.state)`")
            ]
        }
        if let owner = facts.stateOwner, owner != facts.user, facts.user != 0 {
            return [
                DoctorCheck(
                    "state", .fail, "\(facts.state) belongs to user \(owner), the server is user \(facts.user)",
                    advice: "`chown -R` it to the server's user")
            ]
        }
        let exposed = facts.exposedFiles.map {
            DoctorCheck("state", .fail, "\($0) can be read by others", advice: "`chmod 600 \($0)`")
        }
        return exposed.isEmpty ? [DoctorCheck("state", .ok, "\(facts.state) is its owner's alone")] : exposed
    }

    @Sendable private static func space(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard let free = facts.freeBytes else { return [] }
        let text = "\(free >> 20) MiB free in \(facts.state)"
        if free < 64 << 20 {
            return [
                DoctorCheck(
                    "disk space", .fail, text, advice: "make room: without it no lease can be stored, and none is given"
                )
            ]
        }
        if free < 1 << 30 {
            return [DoctorCheck("disk space", .warn, text, advice: "make room before the next capsule is built")]
        }
        return [DoctorCheck("disk space", .ok, text)]
    }

    @Sendable private static func stage1(_ facts: DoctorFacts) -> [DoctorCheck] {
        if let problem = facts.stage1Problem {
            return [
                DoctorCheck("stage 1", .fail, problem, advice: "`perseid stage1 build`, then start the server again")
            ]
        }
        if !facts.stage1TrustsKey {
            return [
                DoctorCheck(
                    "stage 1", .fail, "it does not trust all keys that capsules are signed with",
                    advice: "`perseid stage1 build`, then start the server again")
            ]
        }
        return [DoctorCheck("stage 1", .ok, "kernel \(facts.stage1Kernel ?? "unknown")")]
    }

    @Sendable private static func capsules(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard !facts.capsuleProblems.isEmpty else {
            return [DoctorCheck("capsules", .ok, "those of all nodes are there")]
        }
        return facts.capsuleProblems.prefix(20).map { problem in
            DoctorCheck(
                "capsules", .fail, "\(problem.node): \(problem.reason)",
                advice: "`perseid capsule list` shows those that there are; `perseid capsule build` makes one")
        }
    }

    // MARK: - The host

    @Sendable private static func clock(_ facts: DoctorFacts) -> [DoctorCheck] {
        // Before this program was written; and how far an event may lie ahead, which slewing explains.
        let written: Int64 = 1_767_225_600_000
        let advice = "set it, and keep it set (chrony or systemd-timesyncd): leases and capsules expire by it"
        if facts.now < written {
            return [DoctorCheck("clock", .fail, "this host's clock stands before 2026", advice: advice)]
        }
        if let latest = facts.latestEvent, latest > facts.now + 60_000 {
            let ahead = (latest - facts.now) / 1000
            return [
                DoctorCheck(
                    "clock", .warn, "the registry has an event \(ahead) s in the future: the clock was set back",
                    advice: advice)
            ]
        }
        return [DoctorCheck("clock", .ok, "it stands after all that is recorded")]
    }

    @Sendable private static func routing(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard facts.isRouter else { return [] }
        return facts.forwards == false
            ? [
                DoctorCheck(
                    "routing", .warn, "nodes are told that this server is their router, and it forwards nothing",
                    advice: "`sysctl -w net.ipv4.ip_forward=1`, or name another --router")
            ]
            : [DoctorCheck("routing", .ok, "this server is the nodes' router and forwards")]
    }

    @Sendable private static func reversePath(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard facts.reversePathFilter == 1, let name = facts.interfaceName else { return [] }
        return [
            DoctorCheck(
                "reverse path filter", .ok,
                "strict on \(name): relayed requests from networks that are routed elsewhere are dropped by the kernel; "
                    + "`sysctl -w net.ipv4.conf.\(name).rp_filter=2` where relays are used")
        ]
    }

    @Sendable private static func watch(_ facts: DoctorFacts) -> [DoctorCheck] {
        guard facts.framesLost > 0 else { return [] }
        return [
            DoctorCheck(
                "watch", .warn, "\(facts.framesLost) frames came faster than they were looked at",
                advice: "captures have gaps; DHCP itself is not concerned")
        ]
    }
}
