public import BootMachine
public import BootProtocols
import Glibc
public import PacketIO
public import Registry
import Synchronization

/// The loop around `DHCPMachine` or `ProxyDHCPMachine`: receives a batch, runs the machine, sends. A second thread commits leases and sends
/// what waits for that, so that offers are never behind the disk, and all that comes meanwhile is one group.
///
/// All sockets are open when `init` returns, so that privileges can be dropped before `run`. To stop, call
/// `waker.requestStop()` from any thread, or `stop()` of the `LoopThread` that was given `waker`:
///
///     let server = try DHCPServer(interface: eth1, role: DHCPRole(machine), commit: …, record: …, report: …)
///     let thread = try LoopThread(name: "dhcp", waker: server.waker) { server.run() }
public final class DHCPServer: Sendable {
    public let waker: Waker
    private let interface: NetworkInterface
    private let mac: MACAddress
    private let serverAddress: IPv4Address
    private let sockets: Sockets
    private let machine: Mutex<DHCPRole>
    private let committing: CommitQueue
    /// The machine's `commits` whose leases are on stable storage.
    private let stored = Atomic<UInt64>(0)
    private let commit: @Sendable ([Lease]) throws -> Void
    private let record: @Sendable (BootEvent) -> Void
    private let observe: @Sendable (IPv4Address, MACAddress) -> Void
    private let probe: @Sendable ([IPv4Address]) -> Void
    private let report: @Sendable (String) -> Void

    /// Datagrams handled at once, and answers sent at once: whoever asks for many machines, as a relay agent does, has
    /// room for some 160 answers (208 KiB by default, 1.3 KiB taken for each), and loses the rest of a longer burst.
    private static let batchSize = 64
    /// The pause after so many answers, for others to take them from there.
    private static let breath = Duration.microseconds(200)
    /// Between two looks at the sockets: datagrams.
    private static let turns = GatheringPause(short: .microseconds(200), long: .milliseconds(1), storm: 34_000)
    /// Between two groups of leases, which are on stable storage at most 2 ms later than they could be: half of a
    /// disk's and a thread's time went into groups of one lease without it.
    private static let groups = GatheringPause(short: .milliseconds(1), long: .milliseconds(2), storm: 17_000)

    /// - Parameters:
    ///   - commit: puts leases on stable storage before it returns; called on a thread of its own, for all leases at
    ///     once that came while the call before was under way.
    ///   - record: takes an event without waiting for the disk.
    ///   - observe: takes note of an address that another server gave to a node; a proxy alone calls it.
    ///   - probe: asks by ARP who has these addresses, without waiting; `conflict` is to be called for those in use.
    ///   - report: takes a line for the log: trouble with the network or the disk that no node is to blame for.
    public init(
        interface: NetworkInterface, role: DHCPRole, commit: @escaping @Sendable ([Lease]) throws -> Void,
        record: @escaping @Sendable (BootEvent) -> Void,
        observe: @escaping @Sendable (IPv4Address, MACAddress) -> Void = { _, _ in },
        probe: @escaping @Sendable ([IPv4Address]) -> Void = { _ in }, report: @escaping @Sendable (String) -> Void
    ) throws(DHCPServerError) {
        guard let mac = interface.mac, !interface.isLoopback else {
            throw .notEthernet(interface: interface.name)
        }
        sockets = try Sockets(interface: interface)
        do throws(SystemError) {
            waker = try Waker()
            committing = CommitQueue(waker: try Waker())
        } catch {
            throw .failed(error)
        }
        self.interface = interface
        self.mac = mac
        serverAddress = role.serverAddress
        self.machine = Mutex(role)
        self.commit = commit
        self.record = record
        self.observe = observe
        self.probe = probe
        self.report = report
    }

    /// What is served now; nil of a proxy.
    public var settings: DHCPSettings? { machine.withLock { $0.settings } }

    /// Serves until `waker` is asked to stop.
    public func run() {
        do throws(SystemError) {
            let committer = try LoopThread(name: "dhcp-commit", waker: committing.waker) { self.commitUntilStopped() }
            defer { committer.stop() }
            let poller = try Poller(waker: waker)
            try poller.add(sockets.server.descriptor, token: UInt64(DHCPPort.server.rawValue))
            try poller.add(sockets.bootServer.descriptor, token: UInt64(DHCPPort.bootServer.rawValue))
            perform(machine.withLock { $0.start(at: wallMilliseconds()) })
            var room = ReceiveBatch(capacity: Self.batchSize, datagramSize: DHCPMessage.maximumSize + 1)
            var turns = Self.turns
            while !waker.isStopRequested {
                var ready: [DHCPPort] = []
                try poller.wait(milliseconds: nil) { token, _ in
                    if let port = UInt16(exactly: token).flatMap(DHCPPort.init(rawValue:)) { ready.append(port) }
                }
                let began = ContinuousClock.now
                let counts = ready.map { serve($0, &room) }
                let rest = turns.rest(after: counts.reduce(0, +), elapsed: .now - began)
                if !counts.contains(room.capacity) { pause(rest) }
            }
        } catch {
            report("DHCP on \(interface.name) has ended: \(error)")
        }
    }

    /// Takes over other settings while messages come and go; see `DHCPMachine.apply`. From any thread.
    public func reconfigure(_ settings: DHCPSettings) throws(DHCPSettingsError) {
        let now = wallMilliseconds()
        let result = machine.withLock { machine -> Result<[DHCPAction], DHCPSettingsError> in
            do throws(DHCPSettingsError) {
                return .success(try machine.apply(settings, at: now))
            } catch {
                return .failure(error)
            }
        }
        perform(try result.get())
    }

    /// The same for a proxy; see `ProxyDHCPMachine.apply`.
    public func reconfigure(_ settings: ProxyDHCPSettings) throws(DHCPSettingsError) {
        let result = machine.withLock { machine -> Result<Void, DHCPSettingsError> in
            do throws(DHCPSettingsError) {
                return .success(try machine.apply(settings))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Tells that `mac` answered for `address` on the link; see `DHCPMachine.conflict`. From any thread.
    public func conflict(_ address: IPv4Address, with mac: MACAddress) {
        let now = wallMilliseconds()
        perform(machine.withLock { $0.conflict(address, with: mac, at: now) })
    }

    /// Gives how many datagrams there were.
    private func serve(_ port: DHCPPort, _ room: inout ReceiveBatch) -> Int {
        let now = wallMilliseconds()
        var batch = DHCPBatch()
        do throws(SystemError) {
            guard try sockets.receive(port, into: &room) > 0 else { return 0 }
        } catch {
            // Of the network, not of the socket: the interface went down, say. It shows again when it is back.
            report("DHCP on \(interface.name): \(error)")
            return 0
        }
        machine.withLock { machine in
            machine.committed(through: stored.load(ordering: .acquiring))
            room.forEachDatagram { origin, bytes in
                let bytes = bytes.withUnsafeBytes(Array.init)
                let waited = origin.arrived.map { now - $0 } ?? 0
                batch.add(machine.receive(bytes, from: origin.source, on: port, at: now, waited: waited))
            }
            batch.commits = machine.commits
        }
        perform(batch.immediate)
        if !batch.leases.isEmpty, !committing.add(batch) {
            // Whoever asked asks again, and has its address kept.
            machine.withLock { $0.forgetAnswers() }
            report("\(batch.leases.count) DHCP leases were not stored: the disk is behind by \(CommitQueue.limit)")
        }
        return room.count
    }

    /// Commits what is queued until the queue is asked to stop and is empty.
    private func commitUntilStopped() {
        do throws(SystemError) {
            let poller = try Poller(waker: committing.waker)
            var groups = Self.groups
            while true {
                let isLast = committing.waker.isStopRequested
                let batches = committing.takeAll()
                if !batches.isEmpty {
                    let began = ContinuousClock.now
                    let count = store(batches)
                    pause(groups.rest(after: count, elapsed: .now - began))
                } else if isLast {
                    return
                } else {
                    try poller.wait(milliseconds: nil) { _, _ in }
                }
            }
        } catch {
            report("DHCP leases on \(interface.name) are stored no more: \(error)")
        }
    }

    private func pause(_ rest: Duration) {
        if rest > .zero { usleep(UInt32(clamping: Int64(rest / .microseconds(1)))) }
    }

    /// Gives how many leases there were.
    private func store(_ batches: [DHCPBatch]) -> Int {
        let leases = batches.flatMap(\.leases)
        do {
            try commit(leases)
            stored.store(batches.last?.commits ?? 0, ordering: .releasing)
            performInTurn(batches.flatMap(\.afterCommit))
        } catch {
            // Before any later group is stored: these answers must not be given again.
            machine.withLock { $0.forgetAnswers() }
            report("\(leases.count) DHCP leases could not be stored: \(error)")
            let now = wallMilliseconds()
            for batch in batches { perform(batch.afterFailedCommit("\(error)", at: now)) }
        }
        return leases.count
    }

    /// What waited for a slow disk is no burst for that.
    private func performInTurn(_ actions: [DHCPAction]) {
        var rest = actions[...]
        while rest.count > Self.batchSize {
            perform(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            pause(Self.breath)
        }
        perform(rest)
    }

    private func perform(_ actions: some Sequence<DHCPAction>) {
        var outbox = ReplyOutbox()
        var probes: [IPv4Address] = []
        for action in actions {
            switch action {
            case .commit: break
            case .send(let reply): send(reply, &outbox)
            case .record(let event): record(event)
            case .observe(let address, let mac): observe(address, mac)
            case .probe(let address): probes.append(address)
            }
        }
        for run in outbox.takeAll() { send(run) }
        if !probes.isEmpty { probe(probes) }
    }

    private func send(_ reply: DHCPReply, _ outbox: inout ReplyOutbox) {
        do throws(SystemError) {
            switch reply.destination {
            case .link(let client, let address): try sendFrame(reply, to: client, address)
            case .broadcast: try sendFrame(reply, to: .broadcast, .broadcast)
            case .routed(let endpoint):
                if let run = outbox.add(reply.bytes, to: endpoint, from: reply.source) { send(run) }
            }
        } catch {
            report("a DHCP reply was not sent: \(error)")
        }
    }

    private func send(_ run: ReplyOutbox.Run) {
        do throws(SystemError) {
            try sockets.send(run, from: serverAddress, interfaceIndex: interface.index)
        } catch {
            report("\(run.count) DHCP replies to \(run.destination) were not sent: \(error)")
        }
    }

    /// A frame of our own making: the kernel would ask for the client's MAC by ARP, and would set "don't
    /// fragment", which some ROMs cannot take.
    private func sendFrame(_ reply: DHCPReply, to client: MACAddress, _ address: IPv4Address) throws(SystemError) {
        let source = IPv4Endpoint(serverAddress, port: reply.source.rawValue)
        guard
            let frame = try? UDPFrame(
                from: source, at: mac, to: IPv4Endpoint(address, port: 68), at: client, payload: reply.bytes)
        else { return }
        try sockets.link.send(frame: frame.bytes.span.bytes)
    }
}

/// The sockets of one interface.
private struct Sockets: ~Copyable, Sendable {
    let server: UDPSocket
    let bootServer: UDPSocket
    let link: PacketSocket

    init(interface: NetworkInterface) throws(DHCPServerError) {
        let server = try Self.open(.server, on: interface)
        let bootServer = try Self.open(.bootServer, on: interface)
        link = try Self.openLink(on: interface)
        self.server = server
        self.bootServer = bootServer
    }

    private static func open(
        _ port: DHCPPort, on interface: NetworkInterface
    ) throws(DHCPServerError) -> UDPSocket {
        do throws(SystemError) {
            return try UDPSocket(
                .init(port: port.rawValue, interface: interface.name, bufferSize: 8 << 20, timestamps: true))
        } catch {
            guard error.isAddressInUse else { throw error.isPermissionDenied ? .notPermitted(error) : .failed(error) }
            throw .portTaken(port.rawValue, holders: PortHolder.find(port: port.rawValue))
        }
    }

    private static func openLink(on interface: NetworkInterface) throws(DHCPServerError) -> PacketSocket {
        do throws(SystemError) {
            return try PacketSocket(interface: interface, filter: .none)
        } catch {
            throw error.isPermissionDenied ? .notPermitted(error) : .failed(error)
        }
    }

    func receive(_ port: DHCPPort, into room: inout ReceiveBatch) throws(SystemError) -> Int {
        switch port {
        case .server: try server.receive(into: &room)
        case .bootServer: try bootServer.receive(into: &room)
        }
    }

    func send(
        _ run: ReplyOutbox.Run, from source: IPv4Address, interfaceIndex: UInt32
    ) throws(SystemError) {
        let bytes = run.bytes.span.bytes
        switch run.source {
        case .server:
            try server.send(
                bytes, segmentSize: run.size, to: run.destination, from: source, interfaceIndex: interfaceIndex)
        case .bootServer:
            try bootServer.send(
                bytes, segmentSize: run.size, to: run.destination, from: source, interfaceIndex: interfaceIndex)
        }
    }
}
