package import CapsuleFormat

/// What of some streams is there, what is to be asked for next and of whom, and what went wrong: the decisions of a
/// transfer, without sockets and clocks.
///
/// Streams are brought in the order they are given in. First whatever the cache disk has is read from there; then
/// the rest is asked for in ranges, of the first server that can be asked. A range that breaks goes back to the
/// front of the queue without the chunks that came, and a server that failed rests for a while; as long as another
/// one can be asked, nothing waits.
package struct TransferLedger: Sendable {
    /// How often one chunk may fail verification before the transfer is given up.
    package static let rejectionLimit = 5
    /// How long nothing at all may come before the transfer is given up, in milliseconds.
    package static let stallLimit: Int64 = 600_000
    /// Chunks that are read from the cache in one piece of work.
    static let cacheBatch = 64

    /// One range request, and whom to ask.
    package struct Job: Hashable, Sendable {
        package var stream: Int
        package var range: FetchRange
        package var server: ServerURL
    }

    /// Chunks that the cache may have.
    package struct CacheBatch: Hashable, Sendable {
        package var stream: Int
        package var chunks: [Int]
    }

    /// What a connection is to do next.
    package enum Next: Hashable, Sendable {
        case read(CacheBatch)
        case fetch(Job)
        /// Ask again after so many milliseconds: all servers rest, or others still work at what is left.
        case wait(Int64)
        case end
    }

    package let streams: [ChunkedStream]
    private let planner: FetchPlanner
    private var servers: [ServerHealth] = []
    private var present: [ChunkBitmap]
    private var cacheQueue: [CacheBatch] = []
    private var cacheReads = 0
    private var cachedBytes: Int64 = 0
    /// From the last to the first.
    private var queue: [(stream: Int, range: FetchRange)] = []
    /// Chunks that are asked for now, by stream.
    private var asked: [ChunkBitmap]
    /// For each stream the chunks that are wanted first, in this order.
    private let order: [[Int]]
    private var isPlanned = false
    /// By chunk: how often it failed, and where last.
    private var rejections: [ContentDigest: (count: Int, server: ServerURL)] = [:]
    private var lastProgress: Int64?
    private var lastError: HTTPError?
    /// The break after which nothing has come yet.
    private var brokenBy: HTTPError?
    private var events: [TransferEvent] = []
    package private(set) var failure: TransferFailure?

    /// - Parameter order: for each stream the chunks to bring first, in this order; what is missing of it is brought
    ///   as it lies in the bundles.
    package init(streams: [ChunkedStream], planner: FetchPlanner, order: [[Int]] = []) {
        self.streams = streams
        self.planner = planner
        self.order = order
        present = streams.map { ChunkBitmap(count: $0.chunks.count) }
        asked = present
    }

    /// Begins, or begins again after it was given up: with the servers of now, and without grudges. What is there
    /// stays there.
    /// - Parameter cached: whether a chunk may be in the cache.
    package mutating func begin(from urls: [ServerURL], cached: (ContentDigest) -> Bool = { _ in false }) {
        servers = urls.map { ServerHealth($0) }
        rejections = [:]
        lastProgress = nil
        lastError = nil
        failure = nil
        queue = []
        asked = streams.map { ChunkBitmap(count: $0.chunks.count) }
        isPlanned = false
        cacheQueue = []
        cacheReads = 0
        for (number, stream) in streams.enumerated() {
            let chunks = present[number].missing.filter { cached(stream.chunks[$0].id) }
            for start in stride(from: 0, to: chunks.count, by: Self.cacheBatch) {
                let batch = chunks[start..<min(start + Self.cacheBatch, chunks.count)]
                cacheQueue.append(CacheBatch(stream: number, chunks: Array(batch)))
            }
        }
        cacheQueue.reverse()
    }

    package var isComplete: Bool { present.allSatisfy(\.isComplete) }

    /// Verified bytes that are written, and how many there will be.
    package var progress: TransferProgress {
        var progress = TransferProgress(presentBytes: 0, totalBytes: 0, cachedBytes: cachedBytes)
        for (stream, bitmap) in zip(streams, present) {
            progress.totalBytes += stream.size
            for (number, chunk) in stream.chunks.enumerated() where bitmap.contains(number) {
                progress.presentBytes += Int64(chunk.rawLength)
            }
        }
        return progress
    }

    /// What to do now (milliseconds).
    package mutating func next(at now: Int64) -> Next {
        if failure != nil || isComplete { return .end }
        if lastProgress == nil { lastProgress = now }
        if let batch = cacheQueue.popLast() {
            cacheReads += 1
            return .read(batch)
        }
        if cacheReads > 0 { return .wait(20) }
        if !isPlanned { plan() }
        guard !servers.isEmpty else {
            failure = .noServer
            return .end
        }
        if let lastError, now - (lastProgress ?? now) > Self.stallLimit {
            failure = .stalled(lastError)
            return .end
        }
        dropWhatCame()
        guard let head = queue.last else { return .wait(20) }
        guard let server = choose(for: head, at: now) else { return rest(at: now) }
        queue.removeLast()
        for chunk in head.range.chunks { asked[head.stream].insert(chunk) }
        return .fetch(Job(stream: head.stream, range: head.range, server: server))
    }

    private mutating func plan() {
        isPlanned = true
        for (number, stream) in streams.enumerated() {
            var left = present[number]
            let first = order.indices.contains(number) ? order[number] : []
            for start in stride(from: 0, to: first.count, by: Self.orderedTogether) {
                var wanted: [Int] = []
                for chunk in first[start..<min(start + Self.orderedTogether, first.count)]
                where stream.chunks.indices.contains(chunk) && !left.contains(chunk) {
                    left.insert(chunk)
                    wanted.append(chunk)
                }
                queue += planner.plan(stream, chunks: wanted).map { (number, $0) }
            }
            queue += planner.plan(stream, present: left).map { (number, $0) }
        }
        queue.reverse()
    }

    /// So many chunks of an order may change places, to be one request where they are neighbours.
    private static let orderedTogether = 32

    /// Has some chunks of a stream asked for next.
    package mutating func prefer(_ chunks: [Int], of stream: Int) {
        guard streams.indices.contains(stream), isPlanned else { return }
        let wanted = chunks.filter {
            streams[stream].chunks.indices.contains($0) && !present[stream].contains($0) && !asked[stream].contains($0)
        }
        queue += planner.plan(streams[stream], chunks: wanted).reversed().map { (stream, $0) }
    }

    /// What was preferred stands in the queue twice: the next request is for nothing that is there or asked for.
    private mutating func dropWhatCame() {
        while let (number, range) = queue.last {
            let wanted = range.chunks.filter { !present[number].contains($0) && !asked[number].contains($0) }
            guard wanted.count < range.chunks.count else { return }
            queue.removeLast()
            queue += planner.plan(streams[number], chunks: wanted).reversed().map { (number, $0) }
        }
    }

    /// Whether all of some chunks are there.
    package func has(_ chunks: Range<Int>, of stream: Int) -> Bool {
        present.indices.contains(stream) && chunks.allSatisfy { present[stream].contains($0) }
    }

    /// The first server that can be asked, and if there is a choice one that did not send these chunks damaged.
    private func choose(for piece: (stream: Int, range: FetchRange), at now: Int64) -> ServerURL? {
        let ready = servers.filter { $0.canBeAsked(at: now) }.map(\.server)
        let avoided = Set(piece.range.chunks.compactMap { rejections[streams[piece.stream].chunks[$0].id]?.server })
        return ready.first { !avoided.contains($0) } ?? ready.first
    }

    private mutating func rest(at now: Int64) -> Next {
        if let lastError, servers.allSatisfy({ $0.refusal != nil }) {
            failure = .refused(lastError)
            return .end
        }
        return .wait(max(1, nextServer(after: now)))
    }

    /// Milliseconds until some server can be asked again.
    private func nextServer(after now: Int64) -> Int64 {
        servers.filter { $0.refusal == nil }.map { max(0, $0.restsUntil - now) }.min() ?? 0
    }

    /// These chunks were here already, and are written.
    package mutating func adopt(_ chunks: [Int], of stream: Int) {
        guard streams.indices.contains(stream) else { return }
        for chunk in chunks where !present[stream].contains(chunk) {
            present[stream].insert(chunk)
            cachedBytes += Int64(streams[stream].chunks[chunk].rawLength)
        }
    }

    /// The chunks of a stream that are not there yet.
    package func missing(of stream: Int) -> [Int] {
        present.indices.contains(stream) ? present[stream].missing : []
    }

    /// A batch was read: what of it was there and is written. The rest comes over the network.
    package mutating func record(_ batch: CacheBatch, verified: [Int], at now: Int64) {
        cacheReads -= 1
        adopt(verified, of: batch.stream)
        if !verified.isEmpty { lastProgress = now }
    }

    /// A request has ended: what of it was verified and is written, what was rejected, and how it broke off, if it
    /// did.
    /// - Parameter spread: 0...1, random; see `ServerHealth.failed`.
    package mutating func record(
        _ job: Job, verified: [Int], rejected: [Int], error: HTTPError?, at now: Int64, spread: Double
    ) {
        for chunk in job.range.chunks { asked[job.stream].remove(chunk) }
        for chunk in verified { present[job.stream].insert(chunk) }
        if !verified.isEmpty { recordProgress(job, at: now) }
        let stream = streams[job.stream]
        for chunk in Set(rejected.map { stream.chunks[$0].id }).sorted() { reject(chunk, stream.role, job.server) }
        requeue(job, rejected: Set(rejected))
        guard let error else { return }
        lastError = error
        if brokenBy == nil { brokenBy = error }
        if error.isUnauthorized { failure = .refused(error) }
        let before = health(of: job.server)?.restsUntil
        update(job.server) { $0.failed(error, at: now, spread: spread) }
        let restsAnew = health(of: job.server)?.restsUntil != before
        if restsAnew, failure == nil, !servers.contains(where: { $0.canBeAsked(at: now) }) {
            events.append(.waiting(pause: nextServer(after: now), after: error))
        }
    }

    /// What is still missing of a range comes next; what was damaged comes after all the rest.
    private mutating func requeue(_ job: Job, rejected: Set<Int>) {
        let missing = job.range.chunks.filter { !present[job.stream].contains($0) }
        let (stream, number) = (streams[job.stream], job.stream)
        queue += planner.plan(stream, chunks: missing.filter { !rejected.contains($0) }).reversed()
            .map { (number, $0) }
        queue.insert(
            contentsOf: planner.plan(stream, chunks: missing.filter { rejected.contains($0) }).map { (number, $0) },
            at: 0)
    }

    /// The bytes that came could not be kept.
    package mutating func recordWriteFailure(_ reason: String) {
        failure = .cannotWrite(reason)
    }

    private mutating func recordProgress(_ job: Job, at now: Int64) {
        lastProgress = now
        update(job.server) { $0.succeeded() }
        if let cause = brokenBy {
            brokenBy = nil
            events.append(.resumed(server: job.server, after: cause, progress: progress))
        }
    }

    private mutating func reject(_ chunk: ContentDigest, _ stream: StreamRole, _ server: ServerURL) {
        let count = (rejections[chunk]?.count ?? 0) + 1
        rejections[chunk] = (count, server)
        events.append(.rejected(chunk: chunk, stream: stream, server: server, times: count))
        if count >= Self.rejectionLimit {
            failure = .corrupt(chunk: chunk, stream: stream, server: server, times: count)
        }
    }

    /// What happened since the last call, for the server and the console.
    package mutating func takeEvents() -> [TransferEvent] {
        defer { events = [] }
        return events
    }

    private func health(of server: ServerURL) -> ServerHealth? { servers.first { $0.server == server } }

    private mutating func update(_ server: ServerURL, _ body: (inout ServerHealth) -> Void) {
        for index in servers.indices where servers[index].server == server { body(&servers[index]) }
    }
}
