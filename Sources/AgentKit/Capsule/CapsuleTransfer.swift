package import CapsuleFormat
internal import Glibc
package import PacketIO
internal import Synchronization

/// Brings streams of a capsule to this machine: what the cache disk has from there, the rest over a few connections.
/// Verifies each chunk before it is written, and goes on after any break, also in a later `run`, with what is there.
package final class CapsuleTransfer: Sendable {
    private let streams: [ChunkedStream]
    private let files: [StreamFile]
    private let connections: Int
    private let limits: HTTPClient.Limits
    private let cache: ChunkCache?
    private let arrived: @Sendable () -> Void
    private let state: Mutex<State>

    private struct State {
        var ledger: TransferLedger
        var pace: TransferPace
        var working = 0
    }

    /// - Parameters:
    ///   - files: one for each stream.
    ///   - connections: each has one range under way, and holds as much as the longest range in memory.
    ///   - order: for each stream the chunks to bring first; see `TransferLedger`.
    ///   - arrived: called after chunks were written, by the thread that wrote them.
    package init(
        _ streams: [ChunkedStream], into files: [StreamFile], connections: Int = 3, cache: ChunkCache? = nil,
        pace: TransferPace = TransferPace(bytesPerSecond: nil), limits: HTTPClient.Limits = HTTPClient.Limits(),
        planner: FetchPlanner = FetchPlanner(maximumLength: 2 << 20), order: [[Int]] = [],
        arrived: @escaping @Sendable () -> Void = {}
    ) {
        self.streams = streams
        self.files = files
        self.connections = max(1, connections)
        self.cache = cache
        self.limits = limits
        self.arrived = arrived
        var planner = planner
        planner.maximumLength = pace.rangeLength(atMost: planner.maximumLength)
        state = Mutex(State(ledger: TransferLedger(streams: streams, planner: planner, order: order), pace: pace))
    }

    /// Whether all of some chunks are written. Those that are not, and that nobody asks for yet, are asked for next.
    package func hasOrPrefers(_ chunks: Range<Int>, of stream: Int) -> Bool {
        state.withLock { state in
            if state.ledger.has(chunks, of: stream) { return true }
            state.ledger.prefer(Array(chunks), of: stream)
            return false
        }
    }

    package var progress: TransferProgress { state.withLock { $0.ledger.progress } }

    /// Takes the chunks that another image has, verified like any.
    /// - Parameter path: the assembled image of `stream`.
    package func adopt(from stream: ChunkedStream, at path: String) throws(SystemError) {
        let image = try FileDescriptor.open(path, O_RDONLY)
        let places = Dictionary(
            zip(stream.chunks.map(\.id), stream.offsets), uniquingKeysWith: { first, _ in first })
        for (number, stream) in streams.enumerated() {
            var verified: [Int] = []
            let missing = state.withLock { Set($0.ledger.missing(of: number)) }
            for (chunk, entry) in stream.chunks.enumerated() where missing.contains(chunk) {
                guard let place = places[entry.id] else { continue }
                let bytes = try image.bytes(Int(entry.rawLength), at: Int(place))
                guard entry.verify(bytes.span.bytes) else { continue }
                try files[number].write(bytes[...], at: stream.offsets[chunk])
                verified.append(chunk)
            }
            state.withLock { $0.ledger.adopt(verified, of: number) }
        }
    }

    /// Takes the chunks that its own files have from an earlier try, verified like any.
    package func resume() throws(SystemError) {
        for (number, stream) in streams.enumerated() {
            var verified: [Int] = []
            for (chunk, entry) in stream.chunks.enumerated() {
                let bytes = try files[number].bytes(Int(entry.rawLength), at: stream.offsets[chunk])
                if entry.verify(bytes.span.bytes) { verified.append(chunk) }
            }
            state.withLock { $0.ledger.adopt(verified, of: number) }
        }
    }

    /// Fetches until everything is there.
    /// - Parameters:
    ///   - servers: tried in order.
    ///   - observe: called on this thread about twice a second and once at the end.
    package func run(
        from servers: [ServerURL], token: String, memory: MemoryWatch,
        observe: (TransferProgress, [TransferEvent]) -> Void
    ) throws(TransferFailure) {
        let held = cache?.prepare(for: streams) ?? []
        state.withLock { $0.ledger.begin(from: servers) { held.contains($0) } }
        do throws(SystemError) {
            try runConnections(token: token, memory: memory, observe: observe)
        } catch {
            throw .cannotWrite("no thread to fetch with: \(error)")
        }
        report(to: observe)
        if let failure = state.withLock({ $0.ledger.failure }) { throw failure }
    }

    private func runConnections(
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

    /// One connection's share, until all is there or going on is no use.
    private func work(token: String, memory: MemoryWatch) {
        var client = HTTPClient(limits: limits)
        var body: [UInt8] = []
        while true {
            switch state.withLock({ $0.ledger.next(at: BootClock.milliseconds()) }) {
            case .end: return
            case .wait(let pause):
                // Short, so that the end of the others' work is seen.
                BootClock.sleep(milliseconds: min(max(pause, 1), 250))
            case .read(let batch):
                read(batch, into: &body)
                memory.sample()
            case .fetch(let job):
                let pause = state.withLock { $0.pace.take(job.range.length, at: BootClock.milliseconds()) }
                BootClock.sleep(milliseconds: pause)
                var failure: HTTPError?
                do throws(HTTPError) {
                    try fetch(job, &client, token: token, into: &body)
                } catch {
                    failure = error
                }
                keep(job, body, failure)
                memory.sample()
            }
        }
    }

    /// Takes what the cache has of a batch; what it has not, or not as it should be, is fetched later.
    private func read(_ batch: TransferLedger.CacheBatch, into body: inout [UInt8]) {
        let stream = streams[batch.stream]
        var verified: [Int] = []
        do throws(SystemError) {
            for chunk in batch.chunks where cache?.read(stream.chunks[chunk], into: &body) == true {
                try files[batch.stream].write(body[...], at: stream.offsets[chunk])
                verified.append(chunk)
            }
        } catch {
            state.withLock { $0.ledger.recordWriteFailure(error.description) }
        }
        state.withLock { $0.ledger.record(batch, verified: verified, at: BootClock.milliseconds()) }
    }

    /// Fills `body` with the job's range, or with as much of it as came.
    private func fetch(
        _ job: TransferLedger.Job, _ client: inout HTTPClient, token: String, into body: inout [UInt8]
    ) throws(HTTPError) {
        // Nothing of an earlier range may be taken for this one's if no connection comes about.
        body.removeAll(keepingCapacity: true)
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
        let stream = streams[job.stream]
        do throws(SystemError) {
            for outcome in stream.outcomes(of: job.range, body: body) {
                switch outcome {
                case .verified(let chunk, let offset, let bytes):
                    try files[job.stream].write(body[bytes], at: offset)
                    cache?.keep(stream.chunks[chunk].id, body[bytes])
                    verified.append(chunk)
                case .rejected(let chunk):
                    rejected.append(chunk)
                }
            }
        } catch {
            state.withLock { $0.ledger.recordWriteFailure(error.description) }
        }
        state.withLock {
            $0.ledger.record(
                job, verified: verified, rejected: rejected, error: error, at: BootClock.milliseconds(),
                spread: .random(in: 0...1))
        }
        if !verified.isEmpty { arrived() }
    }
}
