/// The sending end of a transfer: which blocks go out at an acknowledgment, and which at silence (RFC 1350, 2;
/// RFC 7440, 4). Blocks are counted from 0 without wrapping. Times are microseconds.
///
/// What makes it hard is that firmware says once for every block behind a gap where it is. Answering each would send
/// the window as many times, each of which brings its own echoes, for the rest of the transfer (RFC 1123, 4.2.3.1, the
/// Sorcerer's Apprentice). Three things tell an echo from news: it comes sooner than any answer can, and is about blocks
/// that were on their way before; the one before it said the same; the client is one of those, and this is about blocks
/// that were on their way twice. What comes after silence is news: no echo is as late.
struct TFTPFlow: Hashable, Sendable {
    enum Sending: Hashable, Sendable {
        /// A window from the first unacknowledged block on.
        case window
        /// What of that window is not on its way yet.
        case rest
        /// The last block that is on its way: whoever misses one before it says so, whoever has all says that.
        case probe
    }

    enum Effect: Hashable, Sendable {
        /// It is old, from the future, or an echo.
        case ignore
        case send(Sending)
        case complete
    }

    /// Blocks that were acknowledged, and blocks that are on their way or were.
    private(set) var acknowledged = 0
    private(set) var sent = 0
    /// When the window went out that is under way.
    private(set) var sentAt: Int64 = 0
    /// The same of its first time.
    private var firstSentAt: Int64 = 0
    /// Blocks that were ever sent; those below are sent again.
    private var reached = 0
    /// `reached` when a window was last sent again: below it blocks may be on their way twice.
    private var recover = 0
    /// The window has not been sent before. Else how often it went out again.
    private var isFirstTry = true
    private var repetitions = 0
    /// What went out last was the probe after silence.
    private var isProbing = false
    /// The shortest time from a window to an acknowledgment that only it can have caused, be it within the window: the
    /// answer to a gap comes sooner than that to the last of sixteen blocks.
    private var quickest: Int64?
    /// See `duplicate`.
    private var duplicates = 0
    private var isMuted = false
    /// ACKs that said the same again sooner than any answer can come: since the last whole window, and a memory of
    /// them by which a client is known that answers every block.
    private var echoes = 0
    private var echoScore = 0
    private var isChatty: Bool { echoScore >= 2 }
    /// Windows in a row that were sent again because of an ACK within the one before. Where each begins with a block
    /// that the client has by then, it says so, which would go on for ever: `rest` ends it.
    private var windowsAgain = 0
    private static let mostWindowsAgain = 8

    /// Notes when a packet without blocks went out, an OACK.
    mutating func note(sentAt now: Int64) { sentAt = now }

    /// What an ACK calls for, and the round trip that it measures, if it does.
    mutating func acknowledge(
        _ block: UInt16, total: Int, window: Int, shortestTrip: Int64?, at now: Int64
    ) -> (Effect, sample: Int64?) {
        let ahead = Int(block &- UInt16(truncatingIfNeeded: acknowledged))
        let isSoon = now - sentAt < min(shortestTrip ?? 0, quickest ?? .max) * 3 / 4
        guard ahead > 0 else { return (duplicate(isSoon && !isProbing, window: window), nil) }
        guard ahead <= sent - acknowledged else { return (.ignore, nil) }
        acknowledged += ahead
        let mayBeOld = acknowledged <= recover
        if isFirstTry, !mayBeOld { quickest = min(quickest ?? .max, now - sentAt) }
        guard acknowledged == sent else {
            // Within the window: blocks behind it were lost, the client wants them again.
            duplicates = 0
            let isAligned = mayBeOld && (isSoon && !isProbing || isChatty) || windowsAgain >= Self.mostWindowsAgain
            windowsAgain = isAligned ? 0 : windowsAgain + 1
            return (.send(isAligned ? .rest : .window), nil)
        }
        windowsAgain = 0
        if duplicates == 0 { isMuted = false }
        duplicates = 0
        if !isFirstTry, echoes == 0 { echoScore = max(0, echoScore - 1) }
        echoes = 0
        // Too soon for the copy that was sent again: it answers the first one, which was only slow (the idea of
        // RFC 3522). Without such samples a client that has become slow would never be waited for.
        let sample = isFirstTry || isSoon && repetitions == 1 ? now - firstSentAt : nil
        return (acknowledged == total ? .complete : .send(.window), sample)
    }

    /// An ACK of what is acknowledged already. In lockstep it means nothing. In a window it says that the first block
    /// was lost: it is answered once, and not again before a window has passed without.
    private mutating func duplicate(_ isEcho: Bool, window: Int) -> Effect {
        guard window > 1, sent > acknowledged else { return .ignore }
        duplicates += 1
        if isEcho {
            echoes += 1
            echoScore = min(4, echoScore + 1)
        }
        guard !isEcho, !isMuted else { return .ignore }
        isMuted = true
        return .send(.window)
    }

    /// What silence calls for: first one block, which is enough where an acknowledgment or the last block was lost.
    mutating func silence(tries: Int) -> Sending {
        // Whatever was on its way has come or is lost.
        isMuted = false
        return tries == 1 && sent - acknowledged > 1 ? .probe : .window
    }

    /// The blocks to send, which count as sent from now on; nil if there is none. Tells whether one goes out again.
    mutating func next(
        _ sending: Sending, total: Int, window: Int, at now: Int64
    ) -> (blocks: Range<Int>, isAgain: Bool)? {
        let end = min(acknowledged + window, total)
        let blocks: Range<Int>
        switch sending {
        case .window: blocks = acknowledged..<end
        case .rest: blocks = min(sent, end)..<end
        case .probe: blocks = max(acknowledged, sent - 1)..<max(sent, acknowledged)
        }
        guard !blocks.isEmpty else { return nil }
        let isAgain = blocks.lowerBound < reached
        switch sending {
        case .window:
            if isAgain { recover = reached }
            isFirstTry = !isAgain
            sentAt = now
            repetitions = isAgain ? repetitions + 1 : 0
            if !isAgain { firstSentAt = now }
        case .rest: isFirstTry = false
        case .probe:
            isFirstTry = false
            repetitions += 1
            sentAt = now
        }
        isProbing = sending == .probe
        sent = max(blocks.upperBound, sending == .window ? 0 : sent)
        reached = max(reached, sent)
        return (blocks, isAgain)
    }

    /// The kernel did not take the last `count` blocks.
    mutating func takeBack(_ count: Int) {
        let left = max(acknowledged, sent - max(count, 0))
        if reached == sent { reached = left }
        sent = left
        isFirstTry = false
    }
}
