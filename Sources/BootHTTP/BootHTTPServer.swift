public import BootProtocols
import NIOCore
import NIOHTTP1
import NIOPosix
import PacketIO

/// The boot plane's HTTP server.
///
/// Opened before privileges are dropped, run until its task is cancelled.
public final class BootHTTPServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    private let listener: any Channel
    /// The port in use; tells which one the kernel chose where 0 was asked for.
    public let port: Int
    /// Seconds without a byte in either direction after which a connection is closed.
    private static let idleSeconds: Int64 = 120

    /// Listens on `address` and `port`.
    /// - Throws: `SystemError`, `isAddressInUse` where the port is taken.
    public init(address: IPv4Address, port: UInt16, endpoints: BootEndpoints) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, System.coreCount))
        let threads = NIOThreadPool(numberOfThreads: max(4, System.coreCount * 2))
        threads.start()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(Self.idleSeconds)))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(BootHTTPHandler(endpoints: endpoints, threads: threads))
                }
            }
        do {
            listener = try await bootstrap.bind(host: address.description, port: Int(port)).get()
        } catch {
            try? await threads.shutdownGracefully()
            try? await group.shutdownGracefully()
            guard let error = error as? IOError else { throw error }
            throw SystemError(call: "bind", code: error.errnoCode, context: "port \(port) on \(address)")
        }
        self.group = group
        self.threads = threads
        self.port = listener.localAddress?.port ?? Int(port)
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
