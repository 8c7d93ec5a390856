import BootProtocols
import CapsuleFormat
import PacketIO
import Testing

@testable import AgentKit

/// The decisions of a transfer, with the clock and the failures played by the test.
@Suite struct TransferLedgerTests {
    static let near = ServerURL(address: IPv4Address(value: 1), port: 1)
    static let far = ServerURL(address: IPv4Address(value: 2), port: 2)
    static let gone = HTTPError.closedEarly(near)

    private func ledger(
        _ servers: [ServerURL] = [near], maximumLength: Int = 4_096, order: [Int] = []
    ) throws -> TransferLedger {
        let chunker = try #require(ChunkerParameters(minimum: 512, average: 2048, maximum: 8192))
        let capsule = try TestCapsule(
            "lab@1", streams: [(.root, CapsuleTransferTests.Bench.noise(30_000, seed: 5))], chunker: chunker)
        let stream = try #require(ChunkedStream(.root, of: capsule.decodedIndex))
        var ledger = TransferLedger(
            streams: [stream], planner: FetchPlanner(maximumLength: maximumLength), order: [order])
        ledger.begin(from: servers)
        return ledger
    }

    /// All that can be asked for at `now`.
    private func jobs(_ ledger: inout TransferLedger, at now: Int64 = 0) -> [TransferLedger.Job] {
        var jobs: [TransferLedger.Job] = []
        while case .fetch(let job) = ledger.next(at: now) { jobs.append(job) }
        return jobs
    }

    private func take(_ ledger: inout TransferLedger, at now: Int64) -> TransferLedger.Job? {
        guard case .fetch(let job) = ledger.next(at: now) else { return nil }
        return job
    }

    private func bring(_ ledger: inout TransferLedger, _ job: TransferLedger.Job, at now: Int64 = 0) {
        ledger.record(job, verified: job.range.chunks, rejected: [], error: nil, at: now, spread: 0)
    }

    private func fail(
        _ ledger: inout TransferLedger, _ job: TransferLedger.Job, _ error: HTTPError = gone, at now: Int64,
        spread: Double = 0
    ) {
        ledger.record(job, verified: [], rejected: [], error: error, at: now, spread: spread)
    }

    @Test func asksForEachChunkOnceAndEnds() throws {
        var ledger = try ledger()
        let jobs = jobs(&ledger)
        #expect(jobs.flatMap(\.range.chunks).sorted() == Array(ledger.streams[0].chunks.indices))
        for job in jobs { bring(&ledger, job) }
        #expect(ledger.progress.percent == 100)
        #expect(ledger.next(at: 1) == .end)
        #expect(ledger.failure == nil)
        #expect(ledger.takeEvents().isEmpty)
    }

    @Test func whatIsWaitedForComesNextAndOnce() throws {
        var ledger = try ledger(maximumLength: 1)
        let last = try #require(ledger.streams[0].chunks.indices.last)
        let first = try #require(take(&ledger, at: 0))
        ledger.prefer([last, 0, 99_999], of: 0)
        let second = try #require(take(&ledger, at: 0))
        #expect(first.range.chunks == [0] && second.range.chunks == [last])
        #expect(!ledger.has(last..<(last + 1), of: 0))
        bring(&ledger, second)
        #expect(ledger.has(last..<(last + 1), of: 0) && !ledger.has(0..<(last + 1), of: 0))
        ledger.prefer([last], of: 0)
        ledger.prefer([1], of: 7)
        let rest = jobs(&ledger)
        #expect(rest.flatMap(\.range.chunks).sorted() == Array(1..<last), "nothing is asked for twice")
        // A request that broke is asked for again, although its chunk was preferred meanwhile.
        ledger.prefer([0], of: 0)
        fail(&ledger, first, at: 0)
        #expect(take(&ledger, at: 60_000)?.range.chunks == [0])
    }

    @Test func anOrderComesBeforeTheRest() throws {
        let count = try ledger().streams[0].chunks.count
        var ledger = try ledger(maximumLength: 1, order: [count - 1, 3, -1, count, 3])
        let asked = jobs(&ledger).flatMap(\.range.chunks)
        #expect(Set(asked.prefix(2)) == [count - 1, 3])
        #expect(asked.sorted() == Array(0..<count))
    }

    @Test func readsTheCacheFirstAndAsksForTheRest() throws {
        var ledger = try ledger()
        let chunks = ledger.streams[0].chunks
        let held = Set(chunks.prefix(5).map(\.id))
        ledger.begin(from: [Self.near]) { held.contains($0) }
        let batch = TransferLedger.CacheBatch(stream: 0, chunks: Array(0..<5))
        #expect(ledger.next(at: 0) == .read(batch))
        // What is missing is planned once that is known.
        #expect(ledger.next(at: 0) == .wait(20))
        // One of them turned out to be damaged.
        ledger.record(batch, verified: [0, 1, 3, 4], at: 0)
        let asked = jobs(&ledger).flatMap(\.range.chunks).sorted()
        #expect(asked == [2] + Array(5..<chunks.count))
        let bytes = [0, 1, 3, 4].reduce(Int64(0)) { $0 + Int64(chunks[$1].rawLength) }
        #expect(ledger.progress.cachedBytes == bytes)
        #expect(ledger.progress.presentBytes == bytes)
    }

    @Test func tellsOnceWhereABreakWentOn() throws {
        var ledger = try ledger()
        var jobs = jobs(&ledger)
        let first = jobs.removeFirst()
        fail(&ledger, first, at: 1)
        for job in jobs { bring(&ledger, job, at: 2) }
        let events = ledger.takeEvents()
        #expect(events.count == 2)
        #expect(events.first == .waiting(pause: 500, after: Self.gone))
        guard case .resumed(Self.near, after: Self.gone, let progress)? = events.last else {
            Issue.record("not told: \(events)")
            return
        }
        #expect(progress.presentBytes > 0 && progress.presentBytes < progress.totalBytes)
        #expect(ledger.next(at: 400) == .wait(101))
        #expect(self.jobs(&ledger, at: 501).flatMap(\.range.chunks) == first.range.chunks)
    }

    @Test func asksTheNextServerWithoutAPause() throws {
        var ledger = try ledger([Self.near, Self.far])
        let first = try #require(take(&ledger, at: 0))
        #expect(first.server == Self.near)
        fail(&ledger, first, at: 0)
        let again = try #require(take(&ledger, at: 0))
        #expect(again.server == Self.far)
        #expect(again.range == first.range)
        // Back to the first in the list once it has rested.
        #expect(try #require(take(&ledger, at: 500)).server == Self.near)
        #expect(ledger.takeEvents().isEmpty)
    }

    @Test func waitsLongerWhileNothingComes() throws {
        var ledger = try ledger()
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<8 {
            fail(&ledger, try #require(take(&ledger, at: now)), at: now)
            guard case .wait(let pause) = ledger.next(at: now) else {
                Issue.record("given up")
                return
            }
            pauses.append(pause)
            now += pause
        }
        #expect(pauses == [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
        #expect(ledger.takeEvents() == pauses.map { .waiting(pause: $0, after: Self.gone) })
    }

    @Test func countsRequestsThatFailTogetherOnce() throws {
        var ledger = try ledger()
        for job in jobs(&ledger) { fail(&ledger, job, at: 0) }
        #expect(ledger.next(at: 0) == .wait(500))
        #expect(ledger.takeEvents() == [.waiting(pause: 500, after: Self.gone)])
    }

    @Test func stopsWaitingInTheEnd() throws {
        var ledger = try ledger()
        fail(&ledger, try #require(take(&ledger, at: 0)), at: 0)
        fail(&ledger, try #require(take(&ledger, at: TransferLedger.stallLimit)), at: TransferLedger.stallLimit)
        #expect(ledger.failure == nil)
        #expect(ledger.next(at: TransferLedger.stallLimit + 1) == .end)
        #expect(ledger.failure == .stalled(Self.gone))
    }

    @Test func beginsAgainWithWhatIsThereAndWithoutGrudges() throws {
        var ledger = try ledger([Self.near])
        let all = jobs(&ledger)
        bring(&ledger, all[0])
        fail(&ledger, all[1], at: 0)
        let there = ledger.progress
        ledger.begin(from: [Self.far])
        // The time that it lay still does not count.
        let later = 10 * TransferLedger.stallLimit
        let again = jobs(&ledger, at: later)
        #expect(ledger.progress == there)
        #expect(again.allSatisfy { $0.server == Self.far })
        #expect(Set(again.flatMap(\.range.chunks)).isDisjoint(with: all[0].range.chunks))
        fail(&ledger, again[0], at: later)
        #expect(ledger.next(at: later) == .wait(500))
    }

    @Test func asksForARejectedChunkElsewhereAndOnlyForThat() throws {
        var ledger = try ledger([Self.near, Self.far])
        for job in jobs(&ledger) {
            let rejected = job.range.chunks.filter { $0 == 0 }
            ledger.record(
                job, verified: job.range.chunks.filter { $0 > 1 }, rejected: rejected, error: nil, at: 0, spread: 0)
        }
        let next = jobs(&ledger)
        #expect(next.map(\.range.chunks) == [[1], [0]])
        #expect(next.map(\.server) == [Self.near, Self.far])
    }

    @Test func givesUpAfterFiveRejections() throws {
        var ledger = try ledger()
        for time in 1...TransferLedger.rejectionLimit {
            let job = try #require(jobs(&ledger).first { $0.range.chunks.contains(0) })
            ledger.record(job, verified: [], rejected: [0], error: nil, at: 0, spread: 0)
            guard case .corrupt(_, .root, Self.near, times: 5)? = ledger.failure else {
                #expect(time < TransferLedger.rejectionLimit)
                continue
            }
            #expect(time == TransferLedger.rejectionLimit)
        }
        #expect(ledger.next(at: 0) == .end)
        #expect(ledger.takeEvents().count == TransferLedger.rejectionLimit)
    }

    @Test func givesUpWhenEveryServerRefuses() throws {
        var ledger = try ledger([Self.near, Self.far])
        for server in [Self.near, Self.far] {
            #expect(ledger.failure == nil)
            let job = try #require(take(&ledger, at: 0))
            #expect(job.server == server)
            fail(&ledger, job, .status(server, 404, text: "no such bundle", retryAfterSeconds: nil), at: 0)
        }
        #expect(ledger.next(at: 0) == .end)
        #expect(
            ledger.failure == .refused(.status(Self.far, 404, text: "no such bundle", retryAfterSeconds: nil)))
    }

    @Test func givesUpOnAServerThatAnswersSomethingElse() throws {
        var ledger = try ledger()
        let odd = HTTPError.unexpectedBody(Self.near, "asked for bytes 0-9, the answer (206) has bytes 0-8")
        var now: Int64 = 0
        var asked = 0
        while let job = take(&ledger, at: now) {
            asked += 1
            fail(&ledger, job, odd, at: now)
            now += 20_000
        }
        #expect(asked == ServerHealth.strikeLimit)
        #expect(ledger.failure == .refused(odd))
    }

    @Test(arguments: [(0.0, 9_000), (1.0, 11_250)])
    func obeysAServerThatAsksForTimeAndSpreadsTheReturn(spread: Double, pause: Int64) throws {
        var ledger = try ledger()
        let busy = HTTPError.status(Self.near, 503, text: "", retryAfterSeconds: 9)
        fail(&ledger, try #require(take(&ledger, at: 0)), busy, at: 0, spread: spread)
        #expect(ledger.next(at: 0) == .wait(pause))
    }

    @Test func isNotSentAwayForEver() throws {
        var ledger = try ledger()
        let busy = HTTPError.status(Self.near, 503, text: "", retryAfterSeconds: Int64.max)
        var now: Int64 = 0
        while let job = take(&ledger, at: now) {
            fail(&ledger, job, busy, at: now)
            guard case .wait(let pause) = ledger.next(at: now) else { break }
            #expect(pause <= ServerHealth.longestRetryAfter * 1000)
            now += pause
        }
        #expect(ledger.failure == .stalled(busy))
        #expect(ledger.takeEvents().contains { if case .waiting(_, busy) = $0 { true } else { false } })
    }

    @Test func stopsAtOnceWhenBytesCannotBeKept() throws {
        var ledger = try ledger()
        #expect(take(&ledger, at: 0) != nil)
        ledger.recordWriteFailure("no space")
        #expect(ledger.next(at: 0) == .end)
        #expect(ledger.failure == .cannotWrite("no space"))
    }

    @Test func hasNobodyToAskWithoutServers() throws {
        var ledger = try ledger([])
        #expect(ledger.next(at: 0) == .end)
        #expect(ledger.failure == .noServer)
    }
}
