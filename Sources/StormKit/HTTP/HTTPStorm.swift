import Glibc
public import PacketIO
import Synchronization

/// HTTP clients by the thousand against a real server, on a few threads.
public struct HTTPStorm: Sendable {
    private let load: HTTPLoad
    private let threads: Int
    /// Between two looks at the clock for those who rest, pace themselves or give up, in milliseconds.
    private static let tick: Int64 = 20

    public init(_ load: HTTPLoad, threads: Int = 1) {
        self.load = load
        self.threads = max(1, min(threads, load.connections))
    }

    /// Runs on the caller's thread, and on further ones, until the load is over.
    public func run() throws(SystemError) -> HTTPReport {
        let sum = Mutex(HTTPTally())
        let start = Self.nanoseconds()
        let failure = Mutex<SystemError?>(nil)
        let others = try (1..<threads).map { number throws(SystemError) in
            try LoopThread(name: "http-\(number)", waker: Waker()) { [self] in
                do throws(SystemError) {
                    let tally = try drive(number, since: start)
                    sum.withLock { $0.add(tally) }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        let own = try drive(0, since: start)
        for thread in others { thread.join() }
        if let error = failure.withLock({ $0 }) { throw error }
        return sum.withLock { sum in
            sum.add(own)
            return HTTPReport(sum, connections: load.connections, nanoseconds: Self.nanoseconds() - start)
        }
    }

    /// The clients whose number leaves `share` when divided by the number of threads.
    private func drive(_ share: Int, since start: Int64) throws(SystemError) -> HTTPTally {
        let poller = try Poller(waker: Waker())
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { room.deallocate() }
        let clients = stride(from: share, to: load.connections, by: threads).map { HTTPClient(load, number: $0) }
        let paced = clients.filter(\.isPaced)
        var ticked: Int64 = -1_000_000_000
        var now: Int64 = 0
        while now < end {
            now = Self.nanoseconds() - start
            if now - ticked >= Self.tick * 1_000_000 {
                for (number, client) in clients.enumerated() {
                    client.advance(to: now, poller, token: UInt64(number))
                }
                for client in paced { client.pace(at: now, milliseconds: Self.tick, room: room) }
                if clients.allSatisfy(\.isDone) { break }
                ticked = now
            }
            try poller.wait(milliseconds: Self.tick) { token, _ in
                guard let number = Int(exactly: token), clients.indices.contains(number) else { return }
                clients[number].ready(at: Self.nanoseconds() - start, poller, token: token, room: room)
            }
        }
        return clients.reduce(into: HTTPTally()) { $0.add($1.tally) }
    }

    /// Nanoseconds.
    private var end: Int64 {
        guard case .seconds(let seconds) = load.end else { return Int64(load.limit * 1e9) }
        return Int64(min(seconds, load.limit) * 1e9)
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        // Fails only for a clock that does not exist.
        _ = clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
