public import BootProtocols
public import PacketIO

/// A read-only TFTP server on its sockets: the thin loop under a `TFTPMachine`.
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

    private let settings: TFTPSettings
    private let content: any TFTPContent
    private let report: @Sendable (TFTPTransfer) -> Void
    /// The well-known port and those of the transfers.
    private let ports: [TFTPPort]
    private let waker: Waker

    /// Opens the sockets. A taken port fails with `isAddressInUse`; `PortHolder.find` says who has it.
    /// - Parameter report: called on the server's thread for every request when it is over.
    public init(
        _ listening: Listening = Listening(), settings: TFTPSettings = TFTPSettings(), content: any TFTPContent,
        report: @escaping @Sendable (TFTPTransfer) -> Void
    ) throws(SystemError) {
        var settings = settings
        for interface in try NetworkInterface.all() where settings.interfaceMTU[interface.index] == nil {
            settings.interfaceMTU[interface.index] = interface.mtu
        }
        var options = UDPSocket.Options(
            address: listening.address, port: listening.port, interface: listening.interface)
        var ports = [try TFTPPort(options)]
        options.port = 0
        for _ in 0..<min(max(settings.transferPorts, 0), 256) { ports.append(try TFTPPort(options)) }
        self.settings = settings
        self.content = content
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
        for (index, port) in ports.enumerated() { try poller.add(port.socket.descriptor, token: UInt64(index)) }
        var loop = TFTPLoop(ports, content, report, TFTPMachine(settings))
        while !waker.isStopRequested {
            var failure: SystemError?
            try poller.wait(milliseconds: loop.timeout(at: monotonicMilliseconds())) { token, _ in
                do throws(SystemError) {
                    try loop.receive(on: Int(token))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            loop.expire(at: monotonicMilliseconds())
        }
        loop.stop(at: monotonicMilliseconds())
    }
}
