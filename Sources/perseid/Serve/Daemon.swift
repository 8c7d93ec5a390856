import Administration
import BootHTTP
import BootMachine
import BootPolicy
import BootProtocols
import CapsuleFormat
import CapsuleStore
import ControlPlane
import DHCPService
import Foundation
import LayoutFiles
import LinkWatch
import Logging
import PacketIO
import Registry
import RegistrySQLite
import ServiceLifecycle
import TFTPService
import UnixSignals

/// The servers of the boot plane around one ledger: made with the privileges of its caller, run without any.
final class Daemon: Sendable {
    private let configuration: Configuration
    private let network: BootNetwork
    private let ledger: BootLedger
    private let store: SQLiteStore
    private let endpoints: BootEndpoints
    /// Read while there is the right to.
    private let tls: BootTLS?
    private let renewal: TLSRenewal?
    private let dhcp: DHCPServer?
    private let reload: DHCPReload
    private let watcher: LinkWatcher
    private let tftp: TFTPServer
    private let servedHTTP = ServedHTTP()
    private let routers: RouterResponder
    private let control: ControlServer
    private let logger: Logger
    /// Held for as long as the daemon lives.
    private let lock: StateLock

    /// Opens the state and all sockets, then gives up every privilege. Call it on the main thread, while that is the
    /// only one.
    init(source: ConfigurationSource, state: StateDirectory) throws {
        HeapMemory.returnLargeBlocks()
        let stamp = source.fileStamp()
        let configuration = try source.read()
        let logger = Logger(label: "perseid", factory: { StreamLogHandler.standardError(label: $0) })
        let network = try BootNetwork(interface: configuration.interface)
        lock = try StateLock(state: state.path)
        try Loaders.install(for: configuration.loader, in: state)
        let capsules = try state.openCapsules()
        guard let stage1 = try Stage1Builder(store: capsules).current() else { throw NoStage1(state: state.path) }
        let arm64 = try Stage1Builder(store: capsules, architecture: .arm64).current()
        if let reference = configuration.capsule { _ = try capsules.bootable(reference) }
        // `capsule delete` and `capsule gc` leave alone what it means.
        try capsules.setServed(configuration.capsule.flatMap { CapsuleReference($0) })
        let (store, loaded) = try state.openRegistryAlone()
        var snapshot = loaded
        // Where another server gives addresses, what this one once gave tells nothing.
        if configuration.dhcp != .server { snapshot.leases = [] }
        let neighbours = try NeighbourTable(interface: network.interface.name)
        let feed = EventFeed()
        let ledger = BootLedger(
            store: store, snapshot: snapshot, unknown: configuration.unknown,
            observer: { event in
                logger.info("\(event.line)")
                feed.send(event)
            },
            neighbour: { [isOurs = configuration.dhcp == .server] in isOurs ? nil : neighbours.mac(of: $0) })
        let plane = try BootPlane(
            configuration, address: network.address, state: state, ledger: ledger, capsules: capsules,
            kernels: BootPlane.Kernels(amd64: stage1.kernel.sha256.hex, arm64: arm64?.kernel.sha256.hex))
        self.configuration = configuration
        self.network = network
        self.ledger = ledger
        self.store = store
        self.logger = logger
        endpoints = plane.endpoints
        var files = Loaders.present(in: state)
        if arm64 != nil { files.insert(ClientFingerprint.arm64Kernel) }
        watcher = try Self.openWatcher(configuration, network, ledger, logger)
        dhcp = try Self.openDHCP(configuration, network, files, snapshot.leases, plane, watcher, logger)
        reload = DHCPReload(
            source: source, stamp: stamp, configuration: configuration, network: network,
            files: { Loaders.present(in: state) }, ledger: ledger,
            server: dhcp, logger: logger)
        tftp = try Self.openTFTP(configuration, network, plane)
        routers = try Self.openRouters(network, ledger, logger)
        control = try Self.openControl(
            configuration, state, logger,
            DaemonControl(
                network: network, ledger: ledger, watcher: watcher, dhcp: dhcp, tftp: tftp, http: servedHTTP,
                feed: feed, inspection: DoctorInspection(of: configuration, state: state),
                registry: RegistryService(
                    store: store, ledger: ledger, server: configuration.nodeSettings, secrets: state.powerSecrets,
                    capsuleProblem: CapsuleReference.problem, addressProblem: Self.addressProblem(dhcp),
                    capsuleAbsence: state.capsuleAbsence, layout: state.layoutInWords, work: state.workDesk,
                    channels: state.channelDesk),
                state: state, capsules: capsules,
                isProxy: configuration.dhcp != .server))
        for port in [configuration.httpPort, configuration.tls?.port].compactMap({ $0 }) {
            try Self.naming(port: port, .tcp) { try network.requireFree(tcpPort: port) }
        }
        tls = try configuration.tls.map { try BootTLS($0, address: network.address, state: state) }
        renewal = tls.map {
            TLSRenewal(
                tls: $0, authority: configuration.tls?.files == nil ? BootAuthority(in: state) : nil,
                address: network.address, logger: logger)
        }
        try Privileges.drop(to: configuration.user, state: state.path)
    }

    /// Serves until a signal or a failure ends it.
    func run() async throws {
        let pace = configuration.streamRate.map { StreamPace(bytesPerSecond: $0) }
        let http = try await openHTTP(port: configuration.httpPort, tls: nil, pace)
        let https: BootHTTPServer? =
            if let tls, let port = configuration.tls?.port {
                try await openHTTP(port: port, tls: tls, pace)
            } else {
                nil
            }
        let (ledger, logger) = (ledger, logger)
        let dhcpService = dhcp.map { dhcp in
            LoopService(start: { try dhcp.start(ended: $0) }, stop: { dhcp.waker.requestStop() })
        }
        servedHTTP.add(http, https)
        let httpsService: [any Service] = https.map { https in [TaskService { try await https.run() }] } ?? []
        let renewalService: [any Service] = renewal.map { renewal in [TaskService { try await renewal.run() }] } ?? []
        let services: [any Service] =
            [dhcpService].compactMap { $0 } + httpsService + renewalService + [
                LoopService(
                    start: { [watcher, dhcp] in try watcher.start(for: dhcp, ledger, logger, ended: $0) },
                    stop: { [watcher] in watcher.waker.requestStop() }),
                LoopService(start: { [tftp] in try tftp.start(ended: $0) }, stop: { [tftp] in tftp.stop() }),
                LoopService(
                    start: { [routers] in try routers.start(ended: $0) },
                    stop: { [routers] in routers.waker.requestStop() }),
                TaskService { try await http.run() },
                TaskService { [control] in try await control.run() },
                TaskService {
                    await ledger.run { logger.error("\($0); what happens now is written when it works again") }
                },
                TaskService { try await Self.tick(ledger, logger) },
                TaskService { [store] in try await Self.forgetOldEvents(store, logger) },
                TaskService { [reload] in try await reload.watch() },
                TaskService { [reload] in await reload.obeySignals() },
            ]
        logger.info(
            "serving \(network.subnet) on \(network.interface.name) from \(network.address): \(configuration.dhcp.words), TFTP, HTTP \(http.port)\(https.map { ", HTTPS \($0.port)" } ?? "")"
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "services", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await group.run()
        try ledger.flush()
        logger.info("stopped")
    }

    // MARK: - Parts

    /// What the settings of DHCP have against addresses of nodes.
    private static func addressProblem(_ server: DHCPServer?) -> @Sendable ([Node]) -> String? {
        { nodes in
            guard var settings = server?.settings else { return nil }
            settings.nodes = Configuration.reservations(of: nodes.compactMap(AddressedNode.init))
            return (try? settings.check())?.first.map { "\($0)" }
        }
    }

    private static func openDHCP(
        _ configuration: Configuration, _ network: BootNetwork, _ files: Set<String>, _ leases: [Lease],
        _ plane: BootPlane, _ watcher: LinkWatcher, _ logger: Logger
    ) throws -> DHCPServer? {
        let role = try plane.dhcpRole(configuration, network, files: files, leases: leases)
        guard let role else { return nil }
        let ledger = plane.ledger
        for problem in role.leftOut { logger.error("a node's address is left out: \(problem)") }
        return try DHCPServer(
            interface: network.interface, role: role, commit: { try ledger.commit($0) },
            record: { ledger.record($0) }, observe: { ledger.observe($0, of: $1) }, probe: { watcher.probe($0) },
            report: { logger.error("\($0)") })
    }

    private static func openTFTP(
        _ configuration: Configuration, _ network: BootNetwork, _ plane: BootPlane
    ) throws -> TFTPServer {
        var settings = TFTPSettings()
        settings.ports = configuration.tftpPorts
        let writes = try configuration.tftpWrite.map {
            try TFTPWriteDirectory(path: $0, limits: configuration.tftpWriteLimits)
        }
        return try naming(port: 69, .udp) {
            try TFTPServer(
                TFTPServer.Listening(interface: network.interface.name), settings: settings,
                content: plane.tftpContent, writes: writes, report: { plane.report($0) })
        }
    }

    private static func openRouters(
        _ network: BootNetwork, _ ledger: BootLedger, _ logger: Logger
    ) throws -> RouterResponder {
        try RouterResponder(
            interface: network.interface, isBooting: { ledger.isInBootProgram($0) },
            report: { logger.error("\($0)") })
    }

    private func openHTTP(port: UInt16, tls: BootTLS?, _ pace: StreamPace?) async throws -> BootHTTPServer {
        do {
            return try await BootHTTPServer(
                address: network.address, port: port, endpoints: endpoints, pace: pace, tls: tls,
                report: { [logger] in logger.warning("\($0)") })
        } catch let error as SystemError where error.isAddressInUse {
            throw PortTaken(error: error, holders: PortHolder.find(port: port, transport: .tcp))
        }
    }

    private static func tick(_ ledger: BootLedger, _ logger: Logger) async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            do {
                try ledger.tick(at: wallMilliseconds())
            } catch {
                logger.error("\(error)")
            }
        }
    }

    /// Days that events are kept.
    private static let eventDays: Int64 = 90

    /// Removes what is too old, a little at a time.
    private static func forgetOldEvents(_ store: SQLiteStore, _ logger: Logger) async throws {
        while true {
            var forgotten = 0
            do {
                forgotten = try store.forget(
                    eventsBefore: wallMilliseconds() - eventDays * 86_400_000, limit: 5000)
            } catch {
                logger.error("\(error)")
            }
            try await Task.sleep(for: forgotten > 0 ? .milliseconds(200) : .seconds(600))
        }
    }

    /// Says who holds the port where it is taken.
    static func naming<Value>(
        port: UInt16, _ transport: PortHolder.Transport, _ open: () throws -> Value
    ) throws -> Value {
        do {
            return try open()
        } catch let error as SystemError where error.isAddressInUse {
            throw PortTaken(error: error, holders: PortHolder.find(port: port, transport: transport))
        } catch let error as SystemError where error.isPermissionDenied {
            throw NotAllowed(error: error)
        }
    }
}

/// Nothing to boot nodes with.
struct NoStage1: Error, CustomStringConvertible {
    let state: String

    var description: String { "there is no stage 1 in \(state); build it with `perseid stage1 build --state \(state)`" }
}

/// A port of ours that somebody else has.
struct PortTaken: Error, CustomStringConvertible {
    let error: SystemError
    let holders: [PortHolder]

    var description: String {
        let words = holders.isEmpty ? ["nobody that can be seen from here holds it"] : holders.map(\.description)
        return "\(error): \(words.joined(separator: "; ")). Stop that, or serve another interface"
    }
}

/// A socket that needs rights that the caller lacks.
struct NotAllowed: Error, CustomStringConvertible {
    let error: SystemError

    var description: String { "\(error). `perseid serve` starts as root and gives that up once it has its sockets" }
}

extension BootLedger {
    /// From a machine's first DISCOVER until its stage 1 checks in.
    fileprivate func isInBootProgram(_ mac: MACAddress) -> Bool {
        switch attempt(of: mac)?.state {
        case .new, .registered, .netboot, .loader: true
        case .`init`, .provisioning, .handoff, .ready, .silent, .failed, nil: false
        }
    }
}

extension DHCPServer {
    /// Runs the server on a thread of its own; `ended` is called there when it is over.
    fileprivate func start(ended: @escaping @Sendable (SystemError?) -> Void) throws -> LoopThread {
        try LoopThread(name: "dhcp", waker: waker) {
            self.run()
            ended(nil)
        }
    }
}

extension RouterResponder {
    /// Runs the responder on a thread of its own; `ended` is called there when it is over.
    fileprivate func start(ended: @escaping @Sendable (SystemError?) -> Void) throws -> LoopThread {
        try LoopThread(name: "router", waker: waker) {
            self.run()
            ended(nil)
        }
    }
}

extension RecordedEvent {
    /// One line of the log.
    fileprivate var line: String { "\(event.node) \(text)" }
}
