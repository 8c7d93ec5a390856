import BootProtocols
import NIOCore
import NIOPosix
import PacketIO
import Synchronization

/// One connection: cuts what comes into requests, has each answered in turn, sends the answers.
///
/// What agents ask for by the thousand is answered right here; what may wait for the disk, on a thread.
/// `@unchecked Sendable`: NIO calls a handler on its channel's event loop alone.
final class BootHTTPConnection: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// For a request, or for the rest of one.
        case waiting
        /// A thread makes the answer.
        case answering
        case sending(AnswerTransfer)
        /// The last answer is sent; the client is to read it before the connection goes.
        case ending
        case ended
    }

    let server: BootHTTPShared
    let desk: LoopDesk
    private var reader = RequestReader()
    /// What came last, while it is looked at: the beginning of a request, perhaps all of it.
    private var latest: ByteBuffer?
    /// What the next request may be answered by.
    private var sequel: RangeSequel?
    var phase = Phase.waiting
    /// When patience ends, in milliseconds of the monotonic clock.
    private(set) var deadline: Int64 = .max
    private var welcome = Admission.Welcome.all
    private(set) var client: IPv4Address?
    private var context: ChannelHandlerContext?
    /// The channel's descriptor where answers go straight to it; nil under TLS.
    private(set) var socket: Int32?
    /// A read that the channel asked for and that waits until there is room.
    private var isReadHeld = false
    private var isServing = false
    var isPumping = false
    private var discarded = 0
    /// What may come ahead of its turn, in bytes; the rest stays in the kernel.
    private static let aheadLimit = 32 << 10
    /// What a client may go on sending after its last answer, in bytes, and for how long, in milliseconds.
    private static let discardLimit = 1 << 20
    private static let endingTime: Int64 = 2000

    init(server: BootHTTPShared, desk: LoopDesk) {
        self.server = server
        self.desk = desk
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard deadline == .max else { return }
        client = context.remoteAddress?.ipAddress.flatMap { IPv4Address($0) }
        if server.tls == nil {
            socket = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable { (raw: NIOBSDSocket.Handle) in
                raw
            }
        }
        server.meter.accepted.add(1, ordering: .relaxed)
        welcome = server.admission.enter()
        desk.add(self)
        wait(seconds: server.limits.idleSeconds)
        if welcome == .nothing {
            server.meter.turnedAway.add(1, ordering: .relaxed)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave("the client closed the connection")
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave("the connection was closed")
        self.context = nil
    }

    private func leave(_ reason: String) {
        if case .ended = phase { return }
        if case .sending(let transfer) = phase { settle(transfer, broken: reason) }
        phase = .ended
        reader = RequestReader()
        sequel = nil
        socket = nil
        guard deadline != .max else { return }
        server.admission.leave()
        desk.remove(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        noteHandshake(failedBy: error)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch phase {
        case .ending:
            discarded += bytes.readableBytes
            if discarded > Self.discardLimit { context.close(promise: nil) }
        case .ended: break
        case .waiting, .answering, .sending:
            if case .waiting = phase, reader.isIdle {
                if goOn(bytes, context) { return }
                wait(seconds: server.limits.headSeconds)
                latest = bytes
            }
            reader.append(bytes.readableBytesView)
            serve(context)
            latest = nil
        }
    }

    /// Whoever sends ahead of his turn waits in the kernel's buffers, and then at home.
    func read(context: ChannelHandlerContext) {
        if case .waiting = phase { return context.read() }
        guard reader.waiting > Self.aheadLimit else { return context.read() }
        isReadHeld = true
    }

    // MARK: - Requests

    /// Answers what is there, one after the other.
    func serve(_ context: ChannelHandlerContext) {
        guard !isServing else { return }
        isServing = true
        defer { isServing = false }
        while case .waiting = phase, !reader.isIdle {
            do throws(RequestProblem) {
                let wasInBody = reader.isInBody
                guard let (head, body) = try reader.next() else {
                    if !wasInBody, reader.isInBody { wait(seconds: server.limits.bodySeconds) }
                    if reader.takeExpectation() { sendContinue(context) }
                    break
                }
                answer(head, body, context)
            } catch {
                refuse(error, context)
            }
        }
        if isReadHeld, reader.waiting <= Self.aheadLimit {
            isReadHeld = false
            context.read()
        }
    }

    private func answer(_ head: RequestHead, _ body: [UInt8], _ context: ChannelHandlerContext) {
        // What comes behind this request in the same bytes is not the whole of them.
        defer { latest = nil }
        server.meter.requests.add(1, ordering: .relaxed)
        guard let method = head.method else { return refuse(.method, context) }
        let request = BootRequest(
            method: method, target: head.target, client: client, authorization: head.authorization,
            range: head.range, ifRange: head.ifRange, ifNoneMatch: head.ifNoneMatch, isSecure: server.tls != nil,
            body: body)
        let began = monotonicMilliseconds()
        let form = AnswerTransfer.Form(isHead: method == .head, keepsAlive: head.keepsAlive, began: began)
        if welcome != .all, !BootRoute.isEssential(request.target) {
            return send(putOff(), form.closing, context)
        }
        if let answer = server.endpoints.answerAtOnce(request) {
            let made = AnswerHead(answer, keepsAlive: head.keepsAlive, date: desk.today)
            if let latest, reader.isIdle {
                sequel = RangeSequel(of: latest, head, answered: answer, made, at: began)
                if let sequel { desk.keep(sequel.bundle) }
            }
            return send(answer, form, head: made.bytes, context)
        }
        phase = .answering
        wait(seconds: nil)
        let loop = context.eventLoop
        let bound = NIOLoopBound(context, eventLoop: loop)
        server.threads.runIfActive(eventLoop: loop) { [server] in server.endpoints.answer(request) }
            .whenComplete { result in
                guard case .answering = self.phase else { return }
                self.send((try? result.get()) ?? .text(503, "the server is stopping"), form, bound.value)
                self.serve(bound.value)
            }
    }

    /// Answers what an agent asks for by the thousand: the next range of a bundle. False for all else.
    private func goOn(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
        guard var sequel else { return false }
        var asked = sequel.part(askedBy: bytes)
        if asked == nil, let successor = sequel.successor(askedBy: bytes, among: desk.bundles) {
            (sequel, asked) = successor
            self.sequel = sequel
        }
        let now = monotonicMilliseconds()
        guard let part = asked, now < sequel.end else { return false }
        server.meter.requests.add(1, ordering: .relaxed)
        let form = AnswerTransfer.Form(isHead: false, keepsAlive: true, began: now)
        send(sequel.answer(of: part), form, head: sequel.bundle.head(of: part, date: desk.today), context)
        return true
    }

    /// Gives back the memory of what is no longer good.
    func forgetSequel(at now: Int64) {
        if let sequel, sequel.end <= now { self.sequel = nil }
    }

    func putOff() -> BootAnswer {
        server.meter.putOff.add(1, ordering: .relaxed)
        return .putOff()
    }

    /// Answers without waiting for the rest of the request, and ends the connection.
    private func refuse(_ problem: RequestProblem, _ context: ChannelHandlerContext) {
        reader = RequestReader()
        var answer = BootAnswer.text(problem.status, problem.text)
        if problem == .method { answer.headers = [("Allow", "GET, HEAD, POST")] }
        let form = AnswerTransfer.Form(isHead: false, keepsAlive: false, began: monotonicMilliseconds())
        send(answer, form, context)
    }

    /// RFC 9110, 15.2.1.
    private func sendContinue(_ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    // MARK: - Time

    /// Nil: for as long as it takes.
    func wait(seconds: Int64?) {
        deadline = seconds.map { coarseMonotonicMilliseconds() + $0 * 1000 } ?? .max - 1
    }

    /// The time that this phase may take is over.
    func expire() {
        guard let context else { return }
        switch phase {
        case .waiting where reader.isIdle, .ending: context.close(promise: nil)
        case .waiting:
            server.meter.tooSlow.add(1, ordering: .relaxed)
            let limits = server.limits
            refuse(.tooSlow(seconds: reader.isInBody ? limits.bodySeconds : limits.headSeconds), context)
        case .sending:
            server.meter.tooSlow.add(1, ordering: .relaxed)
            context.close(promise: nil)
        case .answering, .ended: break
        }
    }

    /// An answer has been sent to its end: the next one, or the end of the connection.
    func advance(_ context: ChannelHandlerContext, keepsAlive: Bool) {
        guard keepsAlive else { return end(context) }
        phase = .waiting
        wait(seconds: reader.isIdle ? server.limits.idleSeconds : server.limits.headSeconds)
    }

    /// Closing while unread bytes are there would reset the connection, and take the answer with it that the client has
    /// not read yet (RFC 9112, 9.6): so it is closed for sending first.
    private func end(_ context: ChannelHandlerContext) {
        phase = .ending
        deadline = monotonicMilliseconds() + Self.endingTime
        reader = RequestReader()
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
        context.close(mode: .output, promise: nil)
    }
}
