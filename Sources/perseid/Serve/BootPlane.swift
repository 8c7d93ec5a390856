import BootHTTP
import BootMachine
import BootPolicy
import BootProtocols
import CapsuleStore
import DHCPService
import LayoutFiles
import PacketIO
import Registry
import TFTPService

/// What the servers of the boot plane ask and tell, without any of their sockets.
struct BootPlane: Sendable {
    let ledger: BootLedger
    let tree: BootTree
    let endpoints: BootEndpoints
    let clock: @Sendable () -> Int64

    /// SHA-256 in hex of stage 1's kernels.
    struct Kernels {
        var amd64: String
        /// Nil: there is no stage 1 for arm64.
        var arm64: String?
    }

    /// - Parameter clock: what events of the boot plane are dated by, in milliseconds since 1970.
    init(
        _ configuration: Configuration, address: IPv4Address, state: StateDirectory, ledger: BootLedger,
        capsules: CapsuleStore, kernels: Kernels, clock: @escaping @Sendable () -> Int64 = wallMilliseconds
    ) throws {
        let baseURL = "http://\(address):\(configuration.httpPort)"
        tree = BootTree(
            settings: BootTree.Settings(
                address: address, baseURL: baseURL, kernelArguments: configuration.kernelArguments,
                stage1KernelDigest: kernels.amd64, arm64KernelDigest: kernels.arm64 ?? ""),
            ledger: ledger,
            files: try BootFiles(
                loaders: state.loaders, stage1: capsules.stage1Directory(),
                stage1ARM64: kernels.arm64.map { _ in capsules.stage1Directory(.arm64) }),
            script: try BootScript(directory: configuration.tftpboot))
        endpoints = BootEndpoints(
            planMaker: PlanMaker(
                defaultCapsule: configuration.capsule, handoff: configuration.handoff, servers: [baseURL],
                bytesPerSecond: configuration.nodeRate, cache: configuration.cache),
            ledger: ledger, tree: tree, capsules: capsules, nodeFiles: state.openNodeFiles(),
            layouts: { [library = LayoutLibrary(directory: state.layouts)] node, capsule in
                // `all` is everybody's, and no group of theirs.
                let groups = ledger.groups.line(of: node.groups).dropLast()
                return try library.layout(of: node.name, groups: Array(groups), capsule: capsule).layout
            },
            work: { [orders = LiveSyncOrders(directory: state.liveSync)] in orders.order(for: $0) },
            updates: Updates(
                excludes: { [files = state.updateExcludes] node, capsule in
                    // `all` is everybody's, and no group of theirs.
                    let groups = Array(ledger.groups.line(of: node.groups).dropLast())
                    return try files.lines(for: FileScopes(node: node.name, groups: groups, capsule: capsule))
                },
                keep: { [orders = LiveSyncOrders(directory: state.liveSync)] in try orders.keep($1, of: $0) }),
            clock: clock)
        self.ledger = ledger
        self.clock = clock
    }

    /// What a TFTP server serves.
    var tftpContent: BootTreeContent { BootTreeContent(tree: tree, ledger: ledger) }

    /// Writes down what became of a transfer by TFTP.
    func report(_ transfer: TFTPTransfer) {
        guard let machine = ledger.machine(at: transfer.client.endpoint.address),
            let event = BootEvent(transfer, of: machine, at: clock())
        else { return }
        ledger.record(event)
    }

    /// What has a part in DHCP, as the configuration wants it; nil: nothing.
    /// - Parameters:
    ///   - files: names of the loaders that are there.
    ///   - leases: that are on stable storage.
    func dhcpRole(
        _ configuration: Configuration, _ network: BootNetwork, files: Set<String>, leases: [Lease]
    ) throws -> DHCPRole? {
        try DHCPRole(
            configuration, network, files: files, leases: leases, nodes: ledger.nodesWithAddress()
        ) { [ledger] in ledger.verdict(on: $0) }
    }
}

extension BootLedger {
    /// What the registry says of a machine that asks for an address.
    fileprivate func verdict(on mac: MACAddress) -> NodeVerdict {
        guard let node = record(of: mac)?.node else {
            return isServed(mac) ? .unknown : .ignored(reason: "unknown machines are ignored here")
        }
        return node.enabled ? .known(name: node.name) : .ignored(reason: "the node is disabled")
    }
}
