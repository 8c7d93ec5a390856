import Glibc
public import PacketIO

/// A room for load: simulated nodes by the thousand against a real server. What the nodes do is a pure value
/// (`Fleet`), how their messages travel a link, and this the loop between the two, on the caller's thread.
public struct Storm: ~Copyable {
    /// Nanoseconds after which a storm ends whatever is still open.
    private let limit: Int64
    private let waker: Waker

    /// - Parameter limitSeconds: how long a run may last, at most a day.
    public init(limitSeconds: Double) throws(SystemError) {
        limit = Int64(min(max(limitSeconds, 0), 86_400) * 1e9)
        waker = try Waker()
    }

    public func run(_ fleet: inout Fleet, over link: inout RelayLink) throws(SystemError) -> StormReport {
        try drive(&fleet, &link)
    }

    public func run(_ fleet: inout Fleet, over link: inout DirectLink) throws(SystemError) -> StormReport {
        try drive(&fleet, &link)
    }

    private func drive<Link: StormLink & ~Copyable>(
        _ fleet: inout Fleet, _ link: inout Link
    ) throws(SystemError) -> StormReport {
        let poller = try Poller(waker: waker)
        try link.watch(with: poller)
        let start = Self.nanoseconds()
        var now: Int64 = 0
        while !fleet.isOver(at: now), now < limit {
            let received = try link.receive { bytes in
                if let reply = ServerReply(bytes) {
                    fleet.receive(reply, at: now)
                } else {
                    fleet.noteUnreadable()
                }
            }
            try link.attend(to: fleet)
            fleet.advance(to: now, room: link.room)
            if !fleet.outbox.isEmpty {
                fleet.noteUnsent(try link.send(fleet.outbox, of: fleet))
                fleet.outbox.removeAll(keepingCapacity: true)
            } else if received == 0 {
                // An answer ends the wait; a start comes at most 1 ms late, which the tally has as lag.
                try poller.wait(milliseconds: fleet.nextStart.map { $0 <= now ? 0 : 1 } ?? 1) { _, _ in }
            }
            now = Self.nanoseconds() - start
        }
        return StormReport(fleet.tally, shape: fleet.shape, elapsed: now)
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        // Fails only for a clock that does not exist.
        _ = clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
