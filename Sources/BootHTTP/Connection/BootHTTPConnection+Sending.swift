import NIOCore
import NIOPosix
import PacketIO
import Synchronization

// How answers leave. Small ones go through the channel. Files go by sendfile(2) straight to its socket, for NIO's own
// FileRegion costs more and spins for ever on a file that has been cut short; only where the socket has no room is the
// channel given the next few bytes, so that it tells when there is room again.

extension BootHTTPConnection {
    /// The most that one connection sends before the others have their turn, in bytes.
    private static let turn = 1 << 20
    /// What the channel is given when the socket is full, in bytes.
    private static let bell = 4 << 10
    /// What is read at a time for a connection under TLS, in bytes.
    private static let secureBlock = 64 << 10

    /// - Parameter head: the answer's, where it is made already.
    func send(
        _ answer: BootAnswer, _ form: AnswerTransfer.Form, head: [UInt8]? = nil, _ context: ChannelHandlerContext
    ) {
        guard answer.needsPlace, !form.isHead, answer.length > 0 else {
            return begin(answer, form, head, hasPlace: false, context)
        }
        let hasPlace = server.admission.beginTransfer()
        if hasPlace {
            begin(answer, form, head, hasPlace: true, context)
        } else {
            begin(putOff(), form, nil, hasPlace: false, context)
        }
    }

    private func begin(
        _ answer: BootAnswer, _ form: AnswerTransfer.Form, _ head: [UInt8]?, hasPlace: Bool,
        _ context: ChannelHandlerContext
    ) {
        server.meter.countAnswer(answer.status)
        let transfer = AnswerTransfer(
            answer, form, head: head ?? AnswerHead(answer, keepsAlive: form.keepsAlive, date: desk.today).bytes,
            hasPlace: hasPlace, under: server.pace)
        phase = .sending(transfer)
        wait(seconds: server.limits.stallSeconds)
        if let part = transfer.part, !part.isEmpty {
            pump(context)
        } else {
            sendWhole(transfer, context)
        }
    }

    private func sendWhole(_ transfer: AnswerTransfer, _ context: ChannelHandlerContext) {
        var bytes = transfer.head
        if case .bytes(let body) = transfer.answer.body, !transfer.form.isHead { bytes += body }
        write(context.channel.allocator.buffer(bytes: bytes), context) { connection in
            connection.finish(transfer, context)
        }
    }

    /// Hands bytes to the channel; `next` is called when the kernel has them all, which may be at once.
    private func write(
        _ buffer: ByteBuffer, _ context: ChannelHandlerContext, then next: @escaping (BootHTTPConnection) -> Void
    ) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [self] in
            guard case .sending = phase else { return }
            next(self)
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    // MARK: - Files

    /// Sends of a file what the socket takes, or a turn's worth of it.
    private func pump(_ context: ChannelHandlerContext) {
        guard !isPumping else { return }
        isPumping = true
        let pause = drive(context)
        isPumping = false
        guard case .sending(let transfer) = phase, case .file(let file, _) = transfer.answer.body else { return }
        switch pause {
        case .done: finish(transfer, context)
        case .full: break
        case .turn: yield(context)
        case .paced(let milliseconds): rest(milliseconds, context)
        case .disk(let piece): readAhead(file, piece, context)
        case .secure: sendSecurely(file, context)
        case .failed(let reason): abandon(transfer, reason, context)
        }
    }

    /// Why the pump stands.
    private enum Pause {
        case done
        /// The channel tells when there is room.
        case full
        /// Others have their turn.
        case turn
        /// Others send for so many milliseconds, or nobody: a pace.
        case paced(Int64)
        /// This piece has to be read first.
        case disk(Range<Int>)
        /// The next block goes through TLS.
        case secure
        case failed(String)
    }

    private func drive(_ context: ChannelHandlerContext) -> Pause {
        var left = Self.turn
        while case .sending(let transfer) = phase, case .file(let file, _) = transfer.answer.body,
            let part = transfer.part
        {
            guard !part.isEmpty else { return .done }
            guard left > 0 else { return .turn }
            if let pause = transfer.admit(at: monotonicMilliseconds()) { return .paced(pause) }
            guard let piece = transfer.next(left) else { return .done }
            guard desk.isResident(file, piece) else { return .disk(piece) }
            guard let socket else { return .secure }
            switch step(transfer, file, piece, socket) {
            case .sent(let count, let isFull):
                left -= count
                if count > 0 { wait(seconds: server.limits.stallSeconds) }
                if isFull, let pause = ring(context) { return pause }
            case .failed(let reason): return .failed(reason)
            }
        }
        return .full
    }

    private enum Step {
        case sent(Int, isFull: Bool)
        case failed(String)
    }

    /// Head and bytes as far as the socket takes them, the head held back until the bytes follow.
    private func step(
        _ transfer: AnswerTransfer, _ file: ReadOnlyFile, _ piece: Range<Int>, _ socket: Int32
    ) -> Step {
        if !transfer.head.isEmpty {
            do throws(SystemError) {
                transfer.head.removeFirst(try sendAhead(transfer.head, to: socket))
            } catch {
                return .failed(error.reason)
            }
            guard transfer.head.isEmpty else { return .sent(0, isFull: true) }
        }
        switch file.send(piece, to: socket) {
        case .bytes(let count):
            transfer.part = transfer.part.map { ($0.lowerBound + count)..<$0.upperBound }
            transfer.granted -= count
            server.meter.bytes.add(Int64(count), ordering: .relaxed)
            return .sent(count, isFull: count < piece.count)
        case .noRoom: return .sent(0, isFull: true)
        case .endOfFile: return .failed("the file has been cut short")
        case .failed(let error): return .failed(error.reason)
        }
    }

    /// Has the channel tell when the socket has room: gives it the next few bytes. Nil if it took them at once.
    private func ring(_ context: ChannelHandlerContext) -> Pause? {
        guard case .sending(let transfer) = phase, case .file(let file, _) = transfer.answer.body,
            let part = transfer.part
        else { return .full }
        var buffer: ByteBuffer
        if transfer.head.isEmpty {
            guard !part.isEmpty else { return nil }
            let piece = transfer.next(Self.bell) ?? part
            guard let read = Self.block(of: file, piece, context) else { return .failed("the file has been cut short") }
            buffer = read
            transfer.part = piece.upperBound..<part.upperBound
            transfer.granted -= piece.count
            server.meter.bytes.add(Int64(piece.count), ordering: .relaxed)
        } else {
            buffer = context.channel.allocator.buffer(bytes: transfer.head)
            transfer.head = []
        }
        var isTaken = false
        write(buffer, context) { connection in
            isTaken = true
            connection.wait(seconds: connection.server.limits.stallSeconds)
            connection.pump(context)
        }
        return isTaken ? nil : .full
    }

    /// Reads a few bytes that are in memory; nil where the file has no more so many.
    private static func block(of file: ReadOnlyFile, _ piece: Range<Int>, _ context: ChannelHandlerContext)
        -> ByteBuffer?
    {
        var buffer = context.channel.allocator.buffer(capacity: piece.count)
        var got = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: piece.count) { room in
            got =
                (try? file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: room[..<piece.count]), at: piece.lowerBound)) ?? 0
            return got
        }
        return got == piece.count ? buffer : nil
    }

    /// Under TLS the bytes have to pass through this process: a block at a time, the next one when it is gone.
    private func sendSecurely(_ file: ReadOnlyFile, _ context: ChannelHandlerContext) {
        guard case .sending(let transfer) = phase, let part = transfer.part,
            let piece = transfer.next(Self.secureBlock)
        else { return }
        guard let block = Self.block(of: file, piece, context) else {
            return abandon(transfer, "the file has been cut short", context)
        }
        var buffer = context.channel.allocator.buffer(bytes: transfer.head)
        buffer.writeImmutableBuffer(block)
        transfer.head = []
        transfer.part = piece.upperBound..<part.upperBound
        transfer.granted -= piece.count
        server.meter.bytes.add(Int64(piece.count), ordering: .relaxed)
        write(buffer, context) { connection in
            connection.wait(seconds: connection.server.limits.stallSeconds)
            connection.yield(context)
        }
    }

    /// Goes on after the others of this loop.
    private func yield(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute { [self] in pump(context) }
    }

    /// Goes on when the paces let it. That wait is ours, not the client's.
    private func rest(_ milliseconds: Int64, _ context: ChannelHandlerContext) {
        wait(seconds: server.limits.stallSeconds + milliseconds / 1000)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { [self] in pump(context) }
    }

    /// The disk is waited for on a thread, not here. That wait is ours, not the client's.
    private func readAhead(_ file: ReadOnlyFile, _ piece: Range<Int>, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        wait(seconds: nil)
        server.threads.runIfActive(eventLoop: context.eventLoop) { [server] in
            if try file.readAhead(piece) { server.meter.diskReads.add(1, ordering: .relaxed) }
        }
        .whenComplete { [self] result in
            guard case .sending(let transfer) = phase else { return }
            wait(seconds: server.limits.stallSeconds)
            switch result {
            case .success: pump(bound.value)
            case .failure(let error): abandon(transfer, "\(error)", bound.value)
            }
        }
    }

    // MARK: - Ends

    private func finish(_ transfer: AnswerTransfer, _ context: ChannelHandlerContext) {
        settle(transfer, broken: nil)
        advance(context, keepsAlive: transfer.form.keepsAlive)
        serve(context)
    }

    private func abandon(_ transfer: AnswerTransfer, _ reason: String, _ context: ChannelHandlerContext) {
        settle(transfer, broken: reason)
        server.endpoints.forget(transfer.answer)
        if case .bundle(let id, _) = transfer.answer.account { desk.forget(Array(id.utf8)) }
        phase = .ending
        context.close(promise: nil)
    }

    /// Gives the place back and writes down what became of the answer.
    func settle(_ transfer: AnswerTransfer, broken: String?) {
        if transfer.hasPlace { server.admission.endTransfer() }
        if broken != nil { server.meter.broken.add(1, ordering: .relaxed) }
        let sent = transfer.sent
        switch transfer.answer.account {
        case .none: break
        case .bundle(_, let attempt): server.endpoints.traffic.add(sent, of: attempt)
        case .timeline:
            let milliseconds = monotonicMilliseconds() - transfer.form.began
            server.threads.submit { [server, answer = transfer.answer] _ in
                server.endpoints.settle(answer, bytes: sent, milliseconds: milliseconds, broken: broken)
            }
        }
    }
}
