import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the running daemon over its Unix socket (HTTP/1.1 by NIO).
public struct ControlClient: Sendable {
    public let path: String

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// No daemon listens there.
        case notRunning(path: String)
        /// There is one, and this user may not speak to it.
        case notAllowed(path: String)
        /// The daemon's own words.
        case refused(status: Int, String)
        case broken(String)

        public var description: String {
            switch self {
            case .notRunning(let path):
                "no `perseid serve` listens at \(path). Start it (`perseid serve --interface eth1`), or name its state "
                    + "with --state"
            case .notAllowed(let path): "this user may not speak to the daemon at \(path): be root, or its user"
            case .refused(_, let text): text
            case .broken(let reason):
                "the daemon's answer broke off: \(reason). If it was to change something, `perseid history` says whether it has"
            }
        }
    }

    /// - Parameter path: of the socket.
    public init(path: String) {
        self.path = path
    }

    /// Bytes that an answer may have: 100,000 leases are 15 MB.
    private static let longestAnswer = 256 << 20
    private static let longestLine = 1 << 20

    /// Whether a daemon takes connections there; true too where this user may not connect.
    public var isListening: Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= ControlSocket.longestPath else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 || errno == EACCES || errno == EPERM
    }

    /// The whole answer to `GET resource`, such as `/api/v1/leases`.
    public func get(_ resource: String) async throws(Failure) -> [UInt8] {
        try await send("GET", resource)
    }

    /// The whole answer to a request.
    /// - Parameter method: of HTTP (RFC 9110, 9).
    public func send(_ method: String, _ resource: String, body: [UInt8] = []) async throws(Failure) -> [UInt8] {
        let collected = Collected()
        try await exchange(resource, HTTPMethod(rawValue: method), sending: body) { part throws(Failure) in
            collected.bytes.append(contentsOf: part.readableBytesView)
            guard collected.bytes.count <= Self.longestAnswer else { throw .broken("more than 256 MiB") }
            return true
        }
        return collected.bytes
    }

    /// The answer as the type that it is of.
    public func get<Value: Decodable>(_ resource: String, as type: Value.Type) async throws(Failure) -> Value {
        let bytes = try await get(resource)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw .broken("\(resource) is no \(type): \(error)")
        }
    }

    /// Hands each line of a stream to `body` until that gives false or the daemon ends.
    public func lines(
        _ resource: String, _ body: @escaping (WatchLine) -> Bool
    ) async throws(Failure) {
        let collected = Collected()
        try await exchange(resource) { part throws(Failure) in
            collected.bytes.append(contentsOf: part.readableBytesView)
            guard collected.bytes.count <= Self.longestLine else { throw .broken("a line of more than 1 MiB") }
            while let end = collected.bytes.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(collected.bytes[..<end])
                collected.bytes.removeSubrange(...end)
                guard !line.isEmpty else { continue }
                guard let decoded = try? JSONDecoder().decode(WatchLine.self, from: line) else {
                    throw .broken("a line that is none: \(String(decoding: line, as: UTF8.self))")
                }
                if !body(decoded) { return false }
            }
            return true
        }
    }

    private final class Collected {
        var bytes: [UInt8] = []
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>>

    private func exchange(
        _ resource: String, _ method: HTTPMethod = .GET, sending content: [UInt8] = [],
        _ body: (ByteBuffer) throws(Failure) -> Bool
    ) async throws(Failure) {
        let channel = try await connect()
        do {
            try await channel.executeThenClose { inbound, outbound in
                var head = HTTPRequestHead(
                    version: .http1_1, method: method, uri: resource,
                    headers: ["host": "perseid", "connection": "close"])
                if !content.isEmpty { head.headers.add(name: "content-length", value: "\(content.count)") }
                try await outbound.write(.head(head))
                if !content.isEmpty { try await outbound.write(.body(ByteBuffer(bytes: content))) }
                try await outbound.write(.end(nil))
                var refusal: (status: Int, body: [UInt8])?
                for try await part in inbound {
                    switch part {
                    case .head(let head):
                        if head.status != .ok { refusal = (Int(head.status.code), []) }
                    case .body(let bytes):
                        if refusal != nil {
                            refusal?.body += bytes.readableBytesView
                        } else if try !body(bytes) {
                            return
                        }
                    case .end:
                        if let refusal { throw Self.failure(refusal.status, refusal.body) }
                        return
                    }
                }
                throw Failure.broken("the connection was closed")
            }
        } catch let error as Failure {
            throw error
        } catch {
            throw .broken("\(error)")
        }
    }

    private static func failure(_ status: Int, _ body: [UInt8]) -> Failure {
        let text = try? JSONDecoder().decode(ErrorResource.self, from: Data(body)).error
        return .refused(status: status, text ?? "the daemon answers with HTTP status \(status)")
    }

    private func connect() async throws(Failure) -> Connection {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(RequestParts())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            if [EACCES, EPERM].contains(error.errnoCode) { throw .notAllowed(path: path) }
            if [ENOENT, ECONNREFUSED].contains(error.errnoCode) { throw .notRunning(path: path) }
            throw .broken("\(error)")
        } catch {
            throw .broken("\(error)")
        }
    }
}

/// Turns the request's parts, whose buffers can be sent between threads, into those that the encoder takes.
private final class RequestParts: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = HTTPPart<HTTPRequestHead, ByteBuffer>
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
