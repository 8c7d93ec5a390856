public import BootProtocols
public import PacketIO
internal import Synchronization

/// A TFTP server on its sockets: the thin loop under a `TFTPMachine`.
///
/// `init` opens the sockets, which may need privileges; `run` needs none.
public final class TFTPServer: Sendable {
    /// Where to listen.
    public struct Listening: Sendable {
        public var address: IPv4Address
        public var port: UInt16
        /// Only clients on this interface.
        public var interface: String?

        public init(address: IPv4Address = .any, port: UInt16 = 69, interface: String? = nil) {
            self.address = address
            self.port = port
            self.interface = interface
        }
    }

    /// The address and port that clients ask.
    public var local: IPv4Endpoint { ports[0].socket.local }

    /// What it has done so far. May be asked from any thread.
    public var counters: TFTPCounters { published.withLock { $0 } }

    private let settings: TFTPSettings
    private let published = Mutex(TFTPCounters())
    private let writes: TFTPWriteDirectory?
    private let content: any TFTPContent
    private let report: @Sendable (TFTPTransfer) -> Void
    /// The well-known port and those of the transfers.
    private let ports: [TFTPPort]
    private let waker: Waker

    /// Opens the sockets. A taken port fails with `isAddressInUse`; `PortHolder.find` says who has it.
    /// - Parameters:
    ///   - writes: where clients may put files; nil: nowhere.
    ///   - report: called on the server's thread for every request when it is over.
    public init(
        _ listening: Listening = Listening(), settings: TFTPSettings = TFTPSettings(), content: any TFTPContent,
        writes: TFTPWriteDirectory? = nil, report: @escaping @Sendable (TFTPTransfer) -> Void
    ) throws(SystemError) {
        var settings = settings
        settings.acceptsWrites = writes != nil
        for interface in try NetworkInterface.all() {
            if settings.interfaceMTU[interface.index] == nil { settings.interfaceMTU[interface.index] = interface.mtu }
            settings.localSubnets += interface.addresses.compactMap(\.subnet)
        }
        var options = UDPSocket.Options(
            address: listening.address, port: listening.port, interface: listening.interface,
            bufferSize: Self.bufferSize)
        var ports = [try TFTPPort(options)]
        options.port = 0
        let others = settings.ports == .single ? 0 : settings.transferPorts
        for _ in 0..<min(max(others, 0), 256) { ports.append(try TFTPPort(options)) }
        self.settings = settings
        self.content = content
        self.writes = writes
        self.report = report
        self.ports = ports
        waker = try Waker()
    }

    /// Asks `run` to end. May be called from any thread.
    public func stop() {
        waker.requestStop()
    }

    /// Runs the server on a thread of its own. `ended` is called there when it is over, with the error if it was
    /// not stopped.
    public func start(ended: @escaping @Sendable (SystemError?) -> Void) throws(SystemError) -> LoopThread {
        try LoopThread(name: "tftp", waker: waker) {
            do throws(SystemError) {
                try self.run()
                ended(nil)
            } catch {
                ended(error)
            }
        }
    }

    /// Serves on the caller's thread until `stop`. Call it once.
    public func run() throws(SystemError) {
        let poller = try Poller(waker: waker)
        var alarm = try Alarm()
        try poller.add(alarm.descriptor, token: Self.alarmToken)
        for (index, port) in ports.enumerated() { try poller.add(port.socket.descriptor, token: UInt64(index)) }
        let uploads = try writes.map { directory throws(SystemError) in
            try TFTPUploads(directory, at: monotonicMicroseconds())
        }
        let publisher = try writes.map { _ throws(SystemError) in try TFTPPublisher(client: waker) }
        let disk = try publisher.map { publisher throws(SystemError) in try publisher.start() }
        defer { disk?.stop() }
        var loop = TFTPLoop(ports, content, uploads, publisher, report, TFTPMachine(settings))
        // Longer than any block that a client may send over Ethernet, jumbo frames among it; most are ACKs.
        var batch = ReceiveBatch(capacity: 64, datagramSize: 9000)
        var expired = monotonicMicroseconds()
        while !waker.isStopRequested {
            var failure: SystemError?
            var mayWait = false
            var isRinging = false
            try poller.wait(milliseconds: nil) { token, _ in
                guard token != Self.alarmToken else {
                    isRinging = true
                    return
                }
                do throws(SystemError) {
                    if try loop.receive(on: Int(token), into: &batch) { mayWait = true }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            loop.settleDown()
            if isRinging {
                let now = monotonicMicroseconds()
                // Acknowledgments that wait to be read must not be taken for lost.
                if !mayWait || now - expired > Self.longestPutOff {
                    loop.expire(at: now)
                    expired = now
                    try alarm.silence()
                }
            }
            loop.collect()
            try setAlarm(&alarm, loop.nextLook)
            let counters = loop.counters
            published.withLock { $0 = counters }
        }
        loop.stop(at: monotonicMicroseconds())
    }

    /// An alarm that rings too early is cheaper than one that is set for each packet.
    private func setAlarm(_ alarm: inout Alarm, _ next: Int64?) throws(SystemError) {
        guard let next, next < alarm.moment ?? .max else { return }
        try alarm.set(next)
    }

    private static let alarmToken = UInt64.max - 1
    /// Kernel buffer of a socket in bytes: a thousand clients acknowledge at once, and their windows leave at once.
    private static let bufferSize = 4 << 20
    /// Microseconds that timers may be late while packets wait.
    private static let longestPutOff: Int64 = 100_000
}
