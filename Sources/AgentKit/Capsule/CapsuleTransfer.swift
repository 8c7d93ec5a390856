package import CapsuleFormat
internal import PacketIO
internal import Synchronization

/// Brings streams of a capsule to this machine over a few connections: verifies each chunk before it is written,
/// and goes on after any break, also in a later `run`, with what is there.
package final class CapsuleTransfer: Sendable {
    private let streams: [ChunkedStream]
    private let files: [StreamFile]
    private let connections: Int
    private let limits: HTTPClient.Limits
    private let state: Mutex<State>

    private struct State {
        var ledger: TransferLedger
        var working = 0
    }

    /// - Parameters:
    ///   - files: one for each stream.
    ///   - connections: each has one range under way, and holds as much as the longest range in memory.
    package init(
        _ streams: [ChunkedStream], into files: [StreamFile], connections: Int = 3,
        limits: HTTPClient.Limits = HTTPClient.Limits(), planner: FetchPlanner = FetchPlanner(maximumLength: 2 << 20)
    ) {
        self.streams = streams
        self.files = files
        self.connections = max(1, connections)
        self.limits = limits
        state = Mutex(State(ledger: TransferLedger(streams: streams, planner: planner)))
    }

    package var progress: TransferProgress { state.withLock { $0.ledger.progress } }

    /// Fetches until everything is there.
    /// - Parameters:
    ///   - servers: tried in order.
    ///   - observe: called on this thread about twice a second and once at the end of each round.
    package func run(
        from servers: [ServerURL], token: String, memory: MemoryWatch,
        observe: (TransferProgress, [TransferEvent]) -> Void
    ) throws(TransferFailure) {
        state.withLock { $0.ledger.begin(from: servers) }
        while true {
            state.withLock { $0.ledger.beginRound() }
            do throws(SystemError) {
                try runRound(token: token, memory: memory, observe: observe)
            } catch {
                throw .cannotWrite("no thread to fetch with: \(error)")
            }
            let spread = Double.random(in: 0...1)
            let decision = state.withLock { $0.ledger.endRound(at: BootClock.milliseconds(), spread: spread) }
            report(to: observe)
            switch decision {
            case .complete: return
            case .giveUp(let failure): throw failure
            case .again(let pause): BootClock.sleep(milliseconds: pause)
            }
        }
    }

    private func runRound(
        token: String, memory: MemoryWatch, observe: (TransferProgress, [TransferEvent]) -> Void
    ) throws(SystemError) {
        let waker = try Waker()
        let poller = try Poller(waker: waker)
        var threads: [LoopThread] = []
        for number in 1...connections {
            state.withLock { $0.working += 1 }
            do throws(SystemError) {
                threads.append(
                    try LoopThread(name: "fetch-\(number)", waker: waker) { [self] in
                        work(token: token, memory: memory)
                        state.withLock { $0.working -= 1 }
                        waker.wake()
                    })
            } catch {
                state.withLock { $0.working -= 1 }
                // Fewer connections will do; none at all will not.
                if threads.isEmpty { throw error }
                break
            }
        }
        while state.withLock({ $0.working }) > 0 {
            try poller.wait(milliseconds: 500) { _, _ in }
            report(to: observe)
        }
        for thread in threads { thread.join() }
    }

    private func report(to observe: (TransferProgress, [TransferEvent]) -> Void) {
        let (progress, events) = state.withLock { ($0.ledger.progress, $0.ledger.takeEvents()) }
        observe(progress, events)
    }

    /// One connection's share of a round. Two failures in a row end it: the round's end decides about pauses.
    private func work(token: String, memory: MemoryWatch) {
        var client = HTTPClient(limits: limits)
        var body: [UInt8] = []
        var failures = 0
        while failures < 2, let job = state.withLock({ $0.ledger.nextJob() }) {
            var failure: HTTPError?
            do throws(HTTPError) {
                try fetch(job, &client, token: token, into: &body)
                failures = 0
            } catch {
                failure = error
                failures += 1
            }
            keep(job, body, failure)
            memory.sample()
        }
    }

    /// Fills `body` with the job's range, or with as much of it as came.
    private func fetch(
        _ job: TransferLedger.Job, _ client: inout HTTPClient, token: String, into body: inout [UInt8]
    ) throws(HTTPError) {
        let first = Int64(job.range.offset)
        let request = HTTPRequest(
            path: "/node/v1/bundles/\(job.range.bundle.hex)", token: token,
            range: first...(first + Int64(job.range.length) - 1))
        _ = try client.perform(request, to: job.server, into: &body, limit: job.range.length)
    }

    /// Writes what verifies, which may be part of a broken answer.
    private func keep(_ job: TransferLedger.Job, _ body: [UInt8], _ error: HTTPError?) {
        var verified: [Int] = []
        var rejected: [Int] = []
        do throws(SystemError) {
            for outcome in streams[job.stream].outcomes(of: job.range, body: body) {
                switch outcome {
                case .verified(let chunk, let offset, let bytes):
                    try files[job.stream].write(body[bytes], at: offset)
                    verified.append(chunk)
                case .rejected(let chunk):
                    rejected.append(chunk)
                }
            }
        } catch {
            state.withLock { $0.ledger.recordWriteFailure(error.description) }
        }
        state.withLock {
            $0.ledger.record(job, verified: verified, rejected: rejected, error: error, at: BootClock.milliseconds())
        }
    }
}
