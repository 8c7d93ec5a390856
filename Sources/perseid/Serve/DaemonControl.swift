import Administration
import ArgumentParser
import BootProtocols
import CapsuleStore
import ControlPlane
import DHCPService
import Dissection
import Foundation
import Glibc
import LinkWatch
import Logging
import PacketCapture
import PacketIO
import Registry
import TFTPService

extension Daemon {
    /// The control socket, and what needs privileges for it.
    static func openControl(
        _ configuration: Configuration, _ state: StateDirectory, _ logger: Logger, _ control: DaemonControl
    ) throws -> ControlServer {
        let paths = [ControlSocketPath.own(state.path), ControlSocketPath.shared(state.path)]
        // What a daemon left that was killed would be asked in the other's place.
        for path in paths { unlink(path) }
        let group = configuration.controlGroup
        let socket = try ControlSocket(path: group == nil ? paths[0] : paths[1], group: group)
        try socket.prepare(for: configuration.user)
        return ControlServer(at: socket, source: control.source, logger: logger)
    }
}

extension DoctorInspection {
    init(of configuration: Configuration, state: StateDirectory) {
        self.init(state: state)
        interface = configuration.interface
        httpPort = configuration.httpPort
        defaultCapsule = configuration.capsule
        router = configuration.router
    }
}

/// What the daemon tells by its control socket.
struct DaemonControl: Sendable {
    let network: BootNetwork
    let ledger: BootLedger
    let watcher: LinkWatcher
    let dhcp: DHCPServer?
    let tftp: TFTPServer
    let http: ServedHTTP
    let feed: EventFeed
    let inspection: DoctorInspection
    let registry: RegistryService
    let state: StateDirectory
    let capsules: CapsuleStore
    /// Somebody else gives the addresses.
    let isProxy: Bool
    let began = wallMilliseconds()

    var source: ControlSource {
        ControlSource(
            registry: RegistryAPI(registry), userName: UserName.of, health: { health }, leases: { leases(all: $0) },
            reservations: { reservations }, subnets: { subnetResources },
            captures: { captures }, capture: { node throws(ControlProblem) in try capture(of: node) },
            events: { node throws(ControlProblem) in try events(of: node) },
            packets: { node throws(ControlProblem) in try packets(of: node) },
            scripts: { node throws(ControlProblem) in try scripts(of: node) },
            capsules: { () throws(ControlProblem) in try capsuleResources() }, doctor: { doctor },
            metrics: { metrics })
    }

    private var health: HealthResource {
        let counters = watcher.counters
        return HealthResource(
            version: Perseid.configuration.version, processID: getpid(), interface: network.interface.name,
            address: network.address.description, since: began, framesWatched: counters.frames,
            framesLost: counters.dropped, framesPassedOver: counters.passedOver)
    }

    private func leases(all: Bool) -> [LeaseResource] {
        [LeaseResource](ledger.leases, all: all, at: wallMilliseconds()) { name(of: $0) }
    }

    private func name(of mac: MACAddress) -> String? { ledger.record(of: mac)?.node.name }

    // MARK: - Capsules

    private func scripts(of node: String) throws(ControlProblem) -> [ScriptResource] {
        do {
            return try NodeScriptList(state: state, registry: registry).scripts(of: node)
        } catch let problem as AdminProblem {
            throw ControlProblem(problem)
        } catch {
            throw .failed("\(error)")
        }
    }

    private func capsuleResources() throws(ControlProblem) -> [CapsuleResource] {
        do {
            return try capsules.resources()
        } catch {
            throw .failed("\(error)")
        }
    }

    // MARK: - Packets

    private var captures: [CaptureResource] {
        watcher.machines.map { machine in
            CaptureResource(
                mac: machine.mac.description, node: name(of: machine.mac), frames: machine.frames,
                newest: machine.newest / 1_000_000)
        }
    }

    private func capture(of node: String) throws(ControlProblem) -> [UInt8] {
        let frames = watcher.frames(of: try mac(of: node))
        guard !frames.isEmpty else {
            throw .notFound("nothing was heard of \(node) lately; `perseid dhcp capture` lists the machines that were")
        }
        do {
            return try CaptureFile.bytes(of: frames)
        } catch {
            throw .failed("\(error)")
        }
    }

    private func packets(of node: String?) throws(ControlProblem) -> AsyncStream<WatchLine> {
        var only: MACAddress?
        if let node { only = try mac(of: node) }
        let frames = watcher.liveFrames(of: only)
        let own = network.interface.mac ?? MACAddress(value: 0)
        return AsyncStream { continuation in
            let task = Task {
                for await frame in frames {
                    guard let account = PacketAccount(frame) else { continue }
                    let mac = LinkWatch.machine(of: frame.bytes.span.bytes, own: own) ?? own
                    continuation.yield(
                        WatchLine(
                            at: account.at, kind: .packet, mac: mac.description,
                            node: ledger.record(of: mac)?.node.name, text: account.summary))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func events(of node: String?) throws(ControlProblem) -> AsyncStream<WatchLine> {
        var only: MACAddress?
        if let node { only = try mac(of: node) }
        let ledger = ledger
        return feed.lines(of: only) { ledger.record(of: $0)?.node.name }
    }

    private func mac(of node: String) throws(ControlProblem) -> MACAddress {
        if let mac = MACAddress(node) { return mac }
        guard let record = ledger.record(called: node) else {
            throw .notFound("there is no node `\(node)`; `perseid node list` shows those that exist")
        }
        return record.node.mac
    }

    // MARK: - DHCP

    private var reservations: [ReservationResource] {
        dhcp?.settings.map { [ReservationResource]($0.reservations + $0.nodes) } ?? []
    }

    var subnetResources: [SubnetResource] {
        guard let settings = dhcp?.settings else { return [] }
        let now = wallMilliseconds()
        let leased = ledger.leases.filter { $0.expires > now }.map(\.address)
        return ([settings.link] + settings.subnets).map { subnet in
            SubnetResource(subnet, isLink: subnet == settings.link, server: settings.serverAddress, leased: leased)
        }
    }

    // MARK: - Health

    private var doctor: DoctorReport {
        var facts = inspection.facts()
        facts.isServing = true
        facts.ownProcess = getpid()
        facts.isProxy = isProxy
        facts.foreignServers = watcher.foreignServers.map(\.description)
        facts.duplicates = watcher.duplicates.map(\.description)
        facts.occupied = watcher.occupied.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        facts.subnets = subnetResources
        facts.framesLost = watcher.counters.dropped
        facts.latestEvent = feed.latest
        return Doctor.examine(facts)
    }
}
