import BootProtocols
import NIOCore
import NIOHTTP1
import NIOPosix
import PacketIO

/// One connection: collects a request, has it answered on a thread, sends the answer.
///
/// `@unchecked Sendable`: NIO calls a handler on its channel's event loop alone.
final class BootHTTPHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let endpoints: BootEndpoints
    private let threads: NIOThreadPool
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Longest body, in bytes: a check-in is under 2 KiB, a batch of reports under 64.
    private static let bodyLimit = 256 << 10

    init(endpoints: BootEndpoints, threads: NIOThreadPool) {
        self.endpoints = endpoints
        self.threads = threads
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            guard head != nil else { return }
            guard body.count + buffer.readableBytes <= Self.bodyLimit else {
                refuse(context, .text(413, "at most \(Self.bodyLimit) bytes"))
                return
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that says nothing and takes nothing for the idle time has gone.
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: - Steps

    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard let method = BootRequest.Method(head.method) else {
            refuse(context, .text(405, "GET, HEAD and POST are served"))
            return
        }
        let request = BootRequest(
            method: method, target: head.uri, client: context.remoteAddress?.ipAddress.flatMap { IPv4Address($0) },
            authorization: head.headers.first(name: "authorization"), range: head.headers.first(name: "range"),
            body: body)
        body = []
        let began = monotonicMilliseconds()
        let loop = context.eventLoop
        let context = NIOLoopBound(context, eventLoop: loop)
        threads.runIfActive(eventLoop: loop) { [endpoints] in endpoints.answer(request) }
            .whenComplete { result in
                let answer = (try? result.get()) ?? .text(503, "the server is stopping")
                self.send(
                    answer, isHead: method == .head, keepAlive: head.isKeepAlive, began: began, context: context.value)
            }
    }

    private func send(
        _ answer: BootAnswer, isHead: Bool, keepAlive: Bool, began: Int64, context: ChannelHandlerContext
    ) {
        let count: Int
        switch answer.body {
        case .bytes(let bytes): count = bytes.count
        case .file(_, _, let length): count = length
        }
        context.write(wrapOutboundOut(.head(Self.head(answer, count: count, keepAlive: keepAlive))), promise: nil)
        if !isHead, count > 0 {
            context.write(wrapOutboundOut(.body(Self.data(answer.body, context.channel.allocator))), promise: nil)
        }
        let done = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        let (endpoints, threads) = (endpoints, threads)
        done.futureResult.whenSuccess {
            // The file stays open until here: `answer` holds it.
            let milliseconds = monotonicMilliseconds() - began
            if answer.whenSent != nil {
                threads.submit { _ in endpoints.sent(answer.whenSent, bytes: count, milliseconds: milliseconds) }
            }
            if !keepAlive { channel.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
    }

    /// Answers without waiting for the rest of the request, and ends the connection.
    private func refuse(_ context: ChannelHandlerContext, _ answer: BootAnswer) {
        head = nil
        body = []
        send(answer, isHead: false, keepAlive: false, began: monotonicMilliseconds(), context: context)
    }

    private static func head(_ answer: BootAnswer, count: Int, keepAlive: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders(answer.headers)
        if answer.status != 204 {
            headers.add(name: "Content-Length", value: String(count))
            headers.add(name: "Content-Type", value: answer.contentType)
        }
        if !keepAlive { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
    }

    private static func data(_ body: BootAnswer.Body, _ allocator: ByteBufferAllocator) -> IOData {
        switch body {
        case .bytes(let bytes):
            .byteBuffer(allocator.buffer(bytes: bytes))
        case .file(let file, let offset, let count):
            .fileRegion(FileRegion(fileHandle: file.handle, readerIndex: offset, endIndex: offset + count))
        }
    }
}

extension BootRequest.Method {
    fileprivate init?(_ method: HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .HEAD: self = .head
        case .POST: self = .post
        default: return nil
        }
    }
}
