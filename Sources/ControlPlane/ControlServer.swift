import Administration
import Foundation
import Glibc
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import NIOPosix
import PacketIO

/// Serves `/api/v1` on a Unix socket to the command line of the same host (Hummingbird).
///
/// The caller is who the kernel says it is (SO_PEERCRED): root and the daemon's own user may do everything, others may
/// read, if the socket's mode lets them in at all.
public struct ControlServer: Sendable {
    private let location: ControlSocket
    private let api: ControlAPI
    private let source: ControlSource
    private let logger: Logger

    public init(at location: ControlSocket, source: ControlSource, logger: Logger) {
        self.location = location
        api = ControlAPI(source: source)
        self.source = source
        self.logger = logger
    }

    /// Serves until the task is cancelled. The socket file goes with it.
    public func run() async throws {
        let router = Router(context: ControlContext.self)
        router.add(middleware: PeerCheck(owner: geteuid()))
        router.get("api/v1/**") { [self] request, context in try await respond(to: request, context) }
        for method in [HTTPRequest.Method.post, .patch, .delete] {
            router.on("api/v1/**", method: method) { [self] request, context in
                try await respond(to: request, context)
            }
        }
        let (location, logger) = (location, logger)
        let application = Application(
            router: router, configuration: .init(address: .unixDomainSocket(path: location.path)),
            onServerRunning: { _ in
                do throws(SystemError) {
                    try location.open()
                } catch {
                    logger.error("the control socket: \(error)")
                }
            }, logger: Logger(label: "control", factory: { _ in SwiftLogNoOpLogHandler() }))
        defer { unlink(location.path) }
        try await application.run()
    }

    private func respond(to request: Request, _ context: ControlContext) async throws -> Response {
        // As it came: a MAC's colons are `%3A` there.
        let parts = context.parameters.getCatchAll().map { $0.removingPercentEncoding ?? String($0) }
        let path = parts.joined(separator: "/")
        if path == "power", request.method == .post { return try await power(request, context) }
        if let first = parts.first, RegistryAPI.resources.contains(first) {
            return try await registry(path, request, context)
        }
        guard request.method == .get else {
            return Self.response(to: .notFound("there is no \(request.method.rawValue) /api/v1/\(path)"))
        }
        let query = Dictionary(
            request.uri.queryParameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { $1 })
        do throws(ControlProblem) {
            switch try api.answer(.init(path: path, query: query)) {
            case .json(let bytes): return Self.response(.ok, "application/json", bytes)
            case .metrics(let bytes): return Self.response(.ok, "text/plain; version=0.0.4; charset=utf-8", bytes)
            case .capture(let bytes): return Self.response(.ok, "application/vnd.tcpdump.pcap", bytes)
            case .lines(let lines): return Self.streaming(lines, to: request)
            }
        } catch {
            return Self.response(to: error)
        }
    }

    /// Bytes that a request may bring: a list of 100,000 nodes has 20 MB.
    private static let longestRequest = 64 << 20

    /// What the registry answers. It waits for the disk, so on a thread of its own.
    private func registry(_ path: String, _ request: Request, _ context: ControlContext) async throws -> Response {
        guard let method = RegistryAPI.Request.Method(rawValue: request.method.rawValue) else {
            return Self.response(to: .badRequest("\(request.method.rawValue) is no method here"))
        }
        let body = try await request.body.collect(upTo: Self.longestRequest)
        let asked = RegistryAPI.Request(
            method, path,
            query: request.uri.queryParameters.map { (key: String($0.key), value: String($0.value)) },
            body: Array(body.readableBytesView))
        let author = try await PeerCredentials.of(context.channel).map { source.userName($0.userID) } ?? "somebody"
        let answer = try await NIOThreadPool.singleton.runIfActive { [source] in
            Result { () throws(AdminProblem) in
                try source.registry.answer(asked, by: author, at: Int64(Date().timeIntervalSince1970 * 1000))
            }
        }
        // A look at all nodes, or a change of them, takes a hundred megabytes for a second.
        if method != .get || (try? answer.get().bytes.count) ?? 0 > 1 << 20 {
            NIOThreadPool.singleton.submit { _ in HeapMemory.returnFreePages() }
        }
        switch answer {
        case .success(let answer): return Self.response(.ok, answer.contentType, answer.bytes)
        case .failure(let problem): return Self.response(to: ControlProblem(problem))
        }
    }

    /// BMCs take seconds; nothing blocks meanwhile.
    private func power(_ request: Request, _ context: ControlContext) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let author = try await PeerCredentials.of(context.channel).map { source.userName($0.userID) } ?? "somebody"
        do throws(AdminProblem) {
            let answer = try await source.registry.power(
                Array(body.readableBytesView), by: author, at: Int64(Date().timeIntervalSince1970 * 1000))
            return Self.response(.ok, answer.contentType, answer.bytes)
        } catch {
            return Self.response(to: ControlProblem(error))
        }
    }

    static func response(to problem: ControlProblem) -> Response {
        let status: HTTPResponse.Status =
            switch problem {
            case .notFound: .notFound
            case .conflict: .conflict
            case .badRequest: .badRequest
            case .forbidden: .forbidden
            case .failed: .internalServerError
            }
        let body = (try? ControlAPI.encode(ErrorResource(error: problem.description))) ?? []
        return response(status, "application/json", body)
    }

    private static func response(_ status: HTTPResponse.Status, _ type: String, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A line for each thing that happens, until the other end goes.
    private static func streaming(_ lines: AsyncStream<WatchLine>, to request: Request) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/jsonl"],
            body: ResponseBody { writer in
                // An empty line at once: who asks knows that it is heard.
                try await writer.write(ByteBuffer(string: "\n"))
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    for await line in lines {
                        let bytes = try ControlAPI.encode(line)
                        try await writer.write(ByteBuffer(bytes: bytes + [UInt8(ascii: "\n")]))
                    }
                }
                try await writer.finish(nil)
            })
    }
}

/// A request with the connection that it came by.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Lets nobody change anything but root and the daemon's user.
private struct PeerCheck: RouterMiddleware {
    let owner: uid_t

    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        guard let peer = try await PeerCredentials.of(context.channel) else {
            return ControlServer.response(to: .forbidden("the kernel does not say who is asking"))
        }
        let isReading = request.method == .get || request.method == .head
        guard isReading || peer.userID == 0 || peer.userID == owner else {
            return ControlServer.response(
                to: .forbidden("user \(peer.userID) may read here and change nothing: be root, or user \(owner)"))
        }
        return try await next(request, context)
    }
}
