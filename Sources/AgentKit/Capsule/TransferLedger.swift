package import CapsuleFormat

/// What of some streams is there, what is to be asked for next and of whom, and what went wrong: the decisions of a
/// transfer, without sockets and clocks.
///
/// A transfer goes in rounds. A round asks for everything that is missing; what breaks stays missing and is part of
/// the next round, after a pause that grows for as long as nothing comes.
package struct TransferLedger: Sendable {
    /// How often one chunk may fail verification before the transfer is given up.
    package static let rejectionLimit = 5
    /// How long nothing at all may come before the transfer is given up, in milliseconds.
    package static let stallLimit: Int64 = 600_000

    /// One range request, and whom to ask.
    package struct Job: Hashable, Sendable {
        package var stream: Int
        package var range: FetchRange
        package var server: ServerURL
    }

    package let streams: [ChunkedStream]
    /// Tried in order.
    private var servers: [ServerURL] = []
    private let planner: FetchPlanner
    private var present: [ChunkBitmap]
    private var queue: [Job] = []
    private var current = 0
    /// By chunk: how often it failed, and where last.
    private var rejections: [ContentDigest: (count: Int, stream: StreamRole, server: ServerURL)] = [:]
    private var round = Round()
    private var refusals: Set<ServerURL> = []
    private var backoff = Backoff.transfer
    private var lastProgress: Int64?
    /// The break after which nothing has come yet.
    private var brokenBy: HTTPError?
    private var events: [TransferEvent] = []

    private struct Round {
        var verified = 0
        var error: HTTPError?
        var fatal: TransferFailure?
    }

    package init(streams: [ChunkedStream], planner: FetchPlanner) {
        self.streams = streams
        self.planner = planner
        present = streams.map { ChunkBitmap(count: $0.chunks.count) }
    }

    /// Begins, or begins again after it was given up: with the servers of now, and without grudges. What is there
    /// stays there.
    package mutating func begin(from servers: [ServerURL]) {
        self.servers = servers
        current = 0
        rejections = [:]
        refusals = []
        lastProgress = nil
        backoff.reset()
    }

    package var isComplete: Bool { present.allSatisfy(\.isComplete) }

    /// Verified bytes that are written, and how many there will be.
    package var progress: TransferProgress {
        var progress = TransferProgress(presentBytes: 0, totalBytes: 0)
        for (stream, bitmap) in zip(streams, present) {
            progress.totalBytes += stream.size
            for (number, chunk) in stream.chunks.enumerated() where bitmap.contains(number) {
                progress.presentBytes += Int64(chunk.rawLength)
            }
        }
        return progress
    }

    /// Plans a round: every missing chunk from the current server, but those that it sent damaged from the next one,
    /// if there is a next one.
    package mutating func beginRound() {
        round = Round()
        queue = []
        guard !servers.isEmpty else { return }
        for (number, stream) in streams.enumerated() {
            var byServer: [Int: [Int]] = [:]
            for chunk in present[number].missing {
                let elsewhere = rejections[stream.chunks[chunk].id].map { $0.server == servers[current] } ?? false
                byServer[elsewhere ? (current + 1) % servers.count : current, default: []].append(chunk)
            }
            for (server, chunks) in byServer.sorted(by: { $0.key < $1.key }) {
                queue += planner.plan(stream, chunks: chunks).map {
                    Job(stream: number, range: $0, server: servers[server])
                }
            }
        }
        queue.reverse()
    }

    /// The next request of this round; nil when there is none or going on is no use.
    package mutating func nextJob() -> Job? {
        round.fatal == nil ? queue.popLast() : nil
    }

    /// A request has ended: what of it was verified and is written, what was rejected, and how it broke off, if it
    /// did.
    package mutating func record(
        _ job: Job, verified: [Int], rejected: [Int], error: HTTPError?, at now: Int64
    ) {
        for chunk in verified { present[job.stream].insert(chunk) }
        if !verified.isEmpty { recordProgress(job, at: now) }
        let stream = streams[job.stream]
        for chunk in Set(rejected.map { stream.chunks[$0].id }).sorted() { reject(chunk, stream.role, job.server) }
        guard let error else { return }
        round.error = error
        if error.isRefusal { refusals.insert(job.server) }
        if brokenBy == nil { brokenBy = error }
        if error.isUnauthorized { round.fatal = .refused(error) }
    }

    /// The bytes that came could not be kept.
    package mutating func recordWriteFailure(_ reason: String) {
        round.fatal = .cannotWrite(reason)
    }

    private mutating func recordProgress(_ job: Job, at now: Int64) {
        round.verified += 1
        lastProgress = now
        refusals = []
        if let cause = brokenBy {
            brokenBy = nil
            events.append(.resumed(server: job.server, after: cause, progress: progress))
        }
    }

    private mutating func reject(_ chunk: ContentDigest, _ stream: StreamRole, _ server: ServerURL) {
        let count = (rejections[chunk]?.count ?? 0) + 1
        rejections[chunk] = (count, stream, server)
        events.append(.rejected(chunk: chunk, stream: stream, server: server, times: count))
        if count >= Self.rejectionLimit {
            round.fatal = .corrupt(chunk: chunk, stream: stream, server: server, times: count)
        }
    }

    /// What happened since the last call, for the server and the console.
    package mutating func takeEvents() -> [TransferEvent] {
        defer { events = [] }
        return events
    }

    /// What is to be done after a round.
    package enum Decision: Hashable, Sendable {
        case complete
        /// Another round after so many milliseconds.
        case again(pause: Int64)
        case giveUp(TransferFailure)
    }

    /// - Parameters:
    ///   - now: milliseconds.
    ///   - spread: 0...1, random; see `Backoff`.
    package mutating func endRound(at now: Int64, spread: Double) -> Decision {
        if isComplete { return .complete }
        if let fatal = round.fatal { return .giveUp(fatal) }
        guard !servers.isEmpty else { return .giveUp(.noServer) }
        if lastProgress == nil { lastProgress = now }
        if round.verified > 0 {
            backoff.reset()
            return .again(pause: round.error == nil ? 0 : 200)
        }
        if let error = round.error {
            if refusals.count == Set(servers).count { return .giveUp(.refused(error)) }
            if now - (lastProgress ?? now) > Self.stallLimit { return .giveUp(.stalled(error)) }
        }
        current = (current + 1) % servers.count
        let asked = min(round.error?.retryAfterSeconds ?? 0, 60) * 1000
        let pause = max(backoff.next(spread: spread), asked)
        if let error = round.error { events.append(.waiting(pause: pause, after: error)) }
        return .again(pause: pause)
    }
}

/// How far a transfer is, in bytes.
package struct TransferProgress: Hashable, Sendable {
    package var presentBytes: Int64
    package var totalBytes: Int64

    /// 0...100
    package var percent: Int {
        totalBytes <= 0 ? 100 : Int(presentBytes.multipliedReportingOverflow(by: 100).partialValue / totalBytes)
    }
}

/// Something in a transfer that people are to know about, and but for `waiting` the server, too.
package enum TransferEvent: Hashable, Sendable {
    case rejected(chunk: ContentDigest, stream: StreamRole, server: ServerURL, times: Int)
    case resumed(server: ServerURL, after: HTTPError, progress: TransferProgress)
    /// Nothing came in a whole round; the next one is after `pause` milliseconds.
    case waiting(pause: Int64, after: HTTPError)
}

/// Why a transfer was given up.
package enum TransferFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case corrupt(chunk: ContentDigest, stream: StreamRole, server: ServerURL, times: Int)
    /// No server gives these bytes to this token.
    case refused(HTTPError)
    case stalled(HTTPError)
    case cannotWrite(String)
    case noServer

    package var description: String {
        switch self {
        case .corrupt(let chunk, let stream, let server, let times):
            "chunk \(chunk.hex.prefix(16)) of \(stream.rawValue) failed verification \(times) times, last from"
                + " \(server): its copy on the server is damaged"
        case .refused(let error): "no server gives the capsule's bytes: \(error)"
        case .stalled(let error): "nothing came for \(TransferLedger.stallLimit / 60_000) minutes: \(error)"
        case .cannotWrite(let reason): "cannot keep what was fetched: \(reason)"
        case .noServer: "the plan names no server to fetch from"
        }
    }
}
