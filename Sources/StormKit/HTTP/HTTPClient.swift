import Glibc
import PacketIO

/// One simulated client: its connection, and how far its request is. What time it is and when its socket is ready, the
/// loop tells it.
final class HTTPClient {
    private enum State: Equatable {
        /// Without a connection until `at`, nanoseconds.
        case resting(until: Int64)
        case connecting
        case head
        /// Bytes of the body that are still to come, and whether they count.
        case body(left: Int64, isWanted: Bool)
        /// The connection stays, and nothing more is asked.
        case holding
        case done
    }

    private let load: HTTPLoad
    private let isSlow: Bool
    private var socket: HTTPClientSocket?
    private var state = State.resting(until: 0)
    private var piece: Int
    private var piecesLeft: Int
    private var head: [UInt8] = []
    private var keepsAlive = true
    private var putOffUntil: Int64?
    private var asked: Int64 = 0
    private var lastByte: Int64 = 0
    var tally = HTTPTally()

    init(_ load: HTTPLoad, number: Int) {
        self.load = load
        isSlow = number < load.slowReaders
        let count = load.pieces.count
        // Spread over the pieces, so that neighbours do not ask for the same.
        piece = load.isSynchronous || count == 0 ? 0 : number &* 7919 % count
        piecesLeft = load.end == .once ? count : .max
    }

    var isDone: Bool { state == .done }
    /// Reads when the loop's clock says so, not when bytes are there.
    var isPaced: Bool { isSlow }

    /// Does what time alone brings: connects, gives up.
    func advance(to now: Int64, _ poller: borrowing Poller, token: UInt64) {
        switch state {
        case .resting(let until) where now >= until: connect(now, poller, token)
        case .connecting, .head, .body:
            if Double(now - lastByte) > load.patience * 1e9 { fail(.timedOut, now) }
        default: break
        }
    }

    private func connect(_ now: Int64, _ poller: borrowing Poller, _ token: UInt64) {
        lastByte = now
        if socket != nil { return ask(now) }
        do throws(SystemError) {
            let opened = try HTTPClientSocket(connectingTo: load.server, receiveBuffer: isSlow ? 4096 : nil)
            try poller.add(opened.descriptor, token: token, for: .writable)
            socket = opened
            tally.connects += 1
            state = .connecting
        } catch {
            fail(.connect, now)
        }
    }

    /// The socket is ready for something.
    func ready(
        at now: Int64, _ poller: borrowing Poller, token: UInt64, room: UnsafeMutableRawBufferPointer
    ) {
        guard state == .connecting else {
            if !isSlow {
                read(at: now, room: room, limit: .max)
                if case .resting = state { advance(to: now, poller, token: token) }
                // An end that is not read would be told again and again.
                if case .holding = state { try? socket?.watch(with: poller, token: token, for: []) }
            }
            return
        }
        guard socket?.isConnected == true else { return fail(.connect, now) }
        // A paced client looks by itself.
        try? socket?.watch(with: poller, token: token, for: isSlow ? [] : .readable)
        ask(now)
    }

    /// A paced client's share of `milliseconds`.
    func pace(at now: Int64, milliseconds: Int64, room: UnsafeMutableRawBufferPointer) {
        read(at: now, room: room, limit: max(1, Int(Int64(load.slowBytesPerSecond) * milliseconds / 1000)))
    }

    private func ask(_ now: Int64) {
        guard piecesLeft > 0, load.pieces.indices.contains(piece) else {
            tally.finished += 1
            socket = nil
            state = .done
            return
        }
        asked = now
        lastByte = now
        head.removeAll(keepingCapacity: true)
        state = .head
        if socket?.send(load.request(for: load.pieces[piece])) != true { fail(.broken, now) }
    }

    // MARK: - Answers

    private func read(at now: Int64, room: UnsafeMutableRawBufferPointer, limit: Int) {
        var allowed = limit
        while allowed > 0, socket != nil {
            let wanted: Int
            var discards = false
            switch state {
            case .head: wanted = min(allowed, 2048)
            case .body(let left, _):
                wanted = min(allowed, Int(min(left, Int64(room.count))))
                discards = !load.copies
            case .resting, .connecting, .holding, .done: return
            }
            switch socket?.receive(into: room, limit: wanted, discarding: discards) {
            case .nothing, nil: return
            case .end, .broken: return fail(.broken, now)
            case .bytes(let count):
                allowed -= count
                lastByte = now
                take(UnsafeRawBufferPointer(rebasing: room[..<count]), now)
                // The kernel had no more than that.
                if count < wanted { return }
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ now: Int64) {
        if case .body(let left, let isWanted) = state { return advanceBody(left, isWanted, bytes.count, now) }
        if head.isEmpty { tally.first.record(now - asked) }
        head += bytes
        guard let length = HTTPAnswerHead.length(in: head) else {
            if head.count > 16_384 { fail(.unreadable, now) }
            return
        }
        guard let answer = HTTPAnswerHead(head[..<length]) else { return fail(.unreadable, now) }
        keepsAlive = answer.keepsAlive
        switch answer.status {
        case 206 where answer.contentLength == load.pieces[piece].length:
            advanceBody(answer.contentLength, true, head.count - length, now)
        case 206: fail(.length, now)
        case 503:
            putOffUntil = now + (answer.retryAfter ?? 1) * 1_000_000_000
            advanceBody(answer.contentLength, false, head.count - length, now)
        default: fail(.status, now)
        }
    }

    private func advanceBody(_ left: Int64, _ isWanted: Bool, _ count: Int, _ now: Int64) {
        if isWanted { tally.bytes += Int64(count) }
        guard Int64(count) <= left else { return fail(.length, now) }
        guard Int64(count) == left else {
            state = .body(left: left - Int64(count), isWanted: isWanted)
            return
        }
        if isWanted {
            tally.completed += 1
            tally.whole.record(now - asked)
            piece = (piece + 1) % load.pieces.count
            piecesLeft -= 1
            if load.holds {
                state = .holding
                return
            }
        } else {
            tally.putOff += 1
        }
        if !keepsAlive || !load.keepsAlive { socket = nil }
        let until = putOffUntil
        putOffUntil = nil
        if socket == nil || until != nil { state = .resting(until: until ?? now) } else { ask(now) }
    }

    private func fail(_ failure: HTTPTally.Failure, _ now: Int64) {
        tally.failures[failure, default: 0] += 1
        socket = nil
        putOffUntil = nil
        // As the agent pauses before it tries again.
        state = .resting(until: now + 200_000_000)
    }
}
