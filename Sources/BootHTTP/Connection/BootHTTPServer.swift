public import BootProtocols
import NIOCore
import NIOPosix
import PacketIO

/// The boot plane's HTTP server.
///
/// Opened before privileges are dropped, run until its task is cancelled.
public final class BootHTTPServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    private let listener: any Channel
    private let shared: BootHTTPShared
    /// The port in use; tells which one the kernel chose where 0 was asked for.
    public let port: Int

    /// What the server has done so far.
    public var counters: HTTPCounters { shared.meter.snapshot(shared.admission) }

    /// Listens on `address` and `port`.
    /// - Parameters:
    ///   - pace: of capsules' bytes, shared with other servers; nil: as fast as they go.
    ///   - tls: what clients are shown; nil: they are served in the clear.
    ///   - report: is told why a handshake failed, at most once a second.
    /// - Throws: `SystemError`, `isAddressInUse` where the port is taken.
    public init(
        address: IPv4Address, port: UInt16, endpoints: BootEndpoints, limits: HTTPLimits = HTTPLimits(),
        pace: StreamPace? = nil, tls: BootTLS? = nil, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        raiseDescriptorLimit()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, System.coreCount))
        let threads = NIOThreadPool(numberOfThreads: max(4, System.coreCount * 2))
        threads.start()
        let shared = BootHTTPShared(
            endpoints: endpoints, limits: limits, pace: pace, threads: threads, tls: tls, report: report)
        do {
            listener = try await Self.bootstrap(group, shared).bind(host: address.description, port: Int(port)).get()
        } catch {
            try? await threads.shutdownGracefully()
            try? await group.shutdownGracefully()
            guard let error = error as? IOError else { throw error }
            throw SystemError(call: "bind", code: error.errnoCode, context: "port \(port) on \(address)")
        }
        self.group = group
        self.threads = threads
        self.shared = shared
        self.port = listener.localAddress?.port ?? Int(port)
    }

    private static func bootstrap(_ group: MultiThreadedEventLoopGroup, _ shared: BootHTTPShared) -> ServerBootstrap {
        let desks = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { loop in
                let desk = LoopDesk()
                loop.execute { desk.watch(on: loop) }
                return (ObjectIdentifier(loop), desk)
            })
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let desk = desks[ObjectIdentifier(channel.eventLoop)] ?? LoopDesk()
                    if let tls = shared.tls {
                        try channel.pipeline.syncOperations.addHandler(tls.handler())
                    }
                    try channel.pipeline.syncOperations.addHandler(BootHTTPConnection(server: shared, desk: desk))
                }
            }
    }

    /// Serves until the task is cancelled, then closes all connections.
    public func run() async throws {
        await withTaskCancellationHandler {
            try? await listener.closeFuture.get()
        } onCancel: {
            listener.close(promise: nil)
        }
        try await group.shutdownGracefully()
        try await threads.shutdownGracefully()
    }
}
