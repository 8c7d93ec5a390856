public import BootProtocols
import Glibc
public import PacketCapture
public import PacketIO
import Synchronization

/// The loop around `LinkWatch`: one thread and one ring of frames for one interface, apart from the servers, which wait
/// for it nowhere.
///
/// Where more frames come than `frameLimit`, it takes those of fewer machines, until less come: `Counters` says so.
public final class LinkWatcher: Sendable {
    /// What the watch has done so far.
    public struct Counters: Hashable, Sendable {
        /// Frames that were looked at.
        public var frames = 0
        /// Frames that the kernel could not put into a full ring.
        public var dropped = 0
        /// One machine in 2^n is watched now.
        public var samplingShift = 0
        /// About so many frames were passed over by sampling.
        public var passedOver = 0
    }

    public let waker: Waker
    public let interface: NetworkInterface
    private let ring: Mutex<PacketRing?>
    private let sender: PacketSocket
    private let watch: Mutex<LinkWatch>
    private let wanted = Mutex<[IPv4Address]>([])
    private let tally = Mutex(Counters())
    private let listeners = Mutex(Listeners())
    private let report: @Sendable (String) -> Void

    /// Frames a second above which fewer machines are watched: of all in a storm there is no room to keep frames
    /// (`CaptureRing.Limits`), and a tenth of the server's time went into frames that soon gave way to others.
    public static let frameLimit = 1_000
    private static let wantedLimit = 8192

    /// Opens the sockets, which need CAP_NET_RAW; `run` needs no privilege.
    /// - Parameter report: takes a line for the log.
    public init(
        interface: NetworkInterface, watch: LinkWatch, report: @escaping @Sendable (String) -> Void
    ) throws(SystemError) {
        self.interface = interface
        sender = try PacketSocket(interface: interface, filter: .none)
        ring = Mutex(try PacketRing(interface: interface))
        waker = try Waker()
        self.watch = Mutex(watch)
        self.report = report
    }

    // MARK: - Questions, from any thread

    /// Asks by ARP whether an address is in use; the answer is `LinkWatch.Action.inUse`, or none. Never waits.
    public func probe(_ addresses: [IPv4Address]) {
        guard !addresses.isEmpty else { return }
        wanted.withLock { wanted in
            wanted.append(contentsOf: addresses.prefix(Self.wantedLimit - min(wanted.count, Self.wantedLimit)))
        }
        waker.wake()
    }

    /// The last frames of a machine, oldest first.
    public func frames(of mac: MACAddress) -> [CapturedFrame] { watch.withLock { $0.captures.frames(of: mac) } }

    /// The machines that there are frames of, the last one first.
    public var machines: [CaptureRing.Summary] { watch.withLock { $0.captures.machines } }

    public var foreignServers: [ForeignServer] { watch.withLock { $0.foreignServers.all } }

    /// Addresses that were asked about and are in use, and by whom.
    public var occupied: [IPv4Address: MACAddress] { watch.withLock { $0.occupied } }

    public var duplicates: [DuplicateAddress] { watch.withLock { $0.duplicates.all } }

    public var counters: Counters {
        var counters = tally.withLock { $0 }
        counters.frames = watch.withLock { $0.frameCount }
        return counters
    }

    /// Frames from now on, of one machine or of all, as they come. A reader that falls behind loses the oldest.
    public func liveFrames(of mac: MACAddress? = nil) -> AsyncStream<CapturedFrame> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: CapturedFrame.self, bufferingPolicy: .bufferingNewest(Self.liveBacklog))
        let number = listeners.withLock { $0.add(mac, continuation) }
        continuation.onTermination = { [weak self] _ in self?.listeners.withLock { $0.remove(number) } }
        return stream
    }

    private static let liveBacklog = 1024

    // MARK: - The loop

    /// Watches until `waker` is asked to stop, and hands all that it finds to `handle`, but for frames to send.
    public func run(_ handle: (LinkWatch.Action) -> Void) {
        // Behind everything else on this host that is busy: a thread has a niceness of its own on Linux.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        guard var ring = ring.withLock({ $0.take() }) else { return }
        do throws(SystemError) {
            let poller = try Poller(waker: waker)
            try poller.add(ring.descriptor, token: 0)
            var load = LoadGauge(limit: Self.frameLimit)
            while !waker.isStopRequested {
                let rest = watch.withLock { $0.deadline }.map { max(1, $0 - wallMilliseconds()) }
                try poller.wait(milliseconds: rest) { _, _ in }
                askAround()
                let count = takeFrames(&ring, handle)
                if let shift = load.take(count, at: monotonicMilliseconds()) { try sample(shift, &ring) }
                tally.withLock { tally in
                    tally.dropped += ring.takeDropCount()
                    tally.passedOver += count << load.shift - count
                }
            }
        } catch {
            report("\(interface.name) is watched no more: \(error)")
        }
        listeners.withLock { $0.finish() }
    }

    private func sample(_ shift: Int, _ ring: inout PacketRing) throws(SystemError) {
        try ring.sample(shift: shift)
        tally.withLock { $0.samplingShift = shift }
    }

    /// Takes at most one round of the ring, so that a flood does not keep the loop from its other work.
    private func takeFrames(_ ring: inout PacketRing, _ handle: (LinkWatch.Action) -> Void) -> Int {
        var count = 0
        let isHeard = listeners.withLock { !$0.isEmpty }
        for _ in 0..<PacketRing.blockCount {
            var actions: [LinkWatch.Action] = []
            let taken = watch.withLock { watch in
                ring.takeBlock { frame, origin in
                    actions += watch.receive(
                        frame, length: origin.length, isOutgoing: origin.isOutgoing, at: origin.timestamp)
                    if isHeard { tell(frame, origin) }
                }
            }
            guard let taken else { break }
            count += taken
            for action in actions { handle(action) }
        }
        return count
    }

    private func tell(_ frame: RawSpan, _ origin: PacketRing.Origin) {
        guard let mac = LinkWatch.machine(of: frame, own: interface.mac ?? .broadcast) else { return }
        let copy = CapturedFrame(
            timestamp: origin.timestamp, bytes: frame.withUnsafeBytes(Array.init), originalLength: origin.length)
        listeners.withLock { $0.tell(copy, of: mac) }
    }

    private func askAround() {
        let wanted = wanted.withLock { wanted in
            defer { wanted = [] }
            return wanted
        }
        let now = wallMilliseconds()
        let actions = watch.withLock { watch in
            for address in wanted { watch.probe(address, at: now) }
            return watch.tick(at: now)
        }
        for case .send(let frame) in actions {
            do throws(SystemError) {
                try sender.send(frame: frame.span.bytes)
            } catch {
                report("an ARP probe was not sent: \(error)")
                return
            }
        }
    }
}

/// Who hears frames as they come.
private struct Listeners {
    private var entries: [Int: (mac: MACAddress?, continuation: AsyncStream<CapturedFrame>.Continuation)] = [:]
    private var next = 0

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ mac: MACAddress?, _ continuation: AsyncStream<CapturedFrame>.Continuation) -> Int {
        next += 1
        entries[next] = (mac, continuation)
        return next
    }

    mutating func remove(_ number: Int) { entries[number] = nil }

    func tell(_ frame: CapturedFrame, of mac: MACAddress) {
        for entry in entries.values where entry.mac == nil || entry.mac == mac { entry.continuation.yield(frame) }
    }

    func finish() {
        for entry in entries.values { entry.continuation.finish() }
    }
}
