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

    private func ledger(_ servers: [ServerURL] = [near], maximumLength: Int = 4_096) throws -> TransferLedger {
        let chunker = try #require(ChunkerParameters(minimum: 512, average: 2048, maximum: 8192))
        let capsule = try TestCapsule(
            "lab@1", streams: [(.root, CapsuleTransferTests.Bench.noise(30_000, seed: 5))], chunker: chunker)
        let stream = try #require(ChunkedStream(.root, of: capsule.decodedIndex))
        var ledger = TransferLedger(streams: [stream], planner: FetchPlanner(maximumLength: maximumLength))
        ledger.begin(from: servers)
        return ledger
    }

    private func jobs(_ ledger: inout TransferLedger) -> [TransferLedger.Job] {
        ledger.beginRound()
        var jobs: [TransferLedger.Job] = []
        while let job = ledger.nextJob() { jobs.append(job) }
        return jobs
    }

    @Test func asksForEachChunkOnceAndEnds() throws {
        var ledger = try ledger()
        let jobs = jobs(&ledger)
        #expect(jobs.flatMap(\.range.chunks).sorted() == Array(ledger.streams[0].chunks.indices))
        for job in jobs { ledger.record(job, verified: job.range.chunks, rejected: [], error: nil, at: 1) }
        #expect(ledger.progress.percent == 100)
        #expect(ledger.endRound(at: 1, spread: 0) == .complete)
        #expect(ledger.takeEvents().isEmpty)
    }

    @Test func tellsOnceWhereABreakWentOn() throws {
        var ledger = try ledger()
        var jobs = jobs(&ledger)
        let first = jobs.removeFirst()
        ledger.record(first, verified: [], rejected: [], error: Self.gone, at: 1)
        for job in jobs { ledger.record(job, verified: job.range.chunks, rejected: [], error: nil, at: 2) }
        let events = ledger.takeEvents()
        #expect(events.count == 1)
        guard case .resumed(Self.near, after: Self.gone, let progress)? = events.first else {
            Issue.record("not told: \(events)")
            return
        }
        #expect(progress.presentBytes > 0 && progress.presentBytes < progress.totalBytes)
        #expect(ledger.endRound(at: 3, spread: 0) == .again(pause: 200))
        #expect(self.jobs(&ledger).flatMap(\.range.chunks) == first.range.chunks)
    }

    @Test func waitsLongerWhileNothingComesAndGoesRoundTheServers() throws {
        var ledger = try ledger([Self.near, Self.far])
        var servers: [ServerURL] = []
        var pauses: [Int64] = []
        for now in Int64(0)..<8 {
            let job = try #require(jobs(&ledger).first)
            servers.append(job.server)
            ledger.record(job, verified: [], rejected: [], error: Self.gone, at: now)
            guard case .again(let pause) = ledger.endRound(at: now, spread: 0) else {
                Issue.record("given up")
                return
            }
            pauses.append(pause)
        }
        #expect(ledger.takeEvents() == pauses.map { .waiting(pause: $0, after: Self.gone) })
        #expect(servers.prefix(4) == [Self.near, Self.far, Self.near, Self.far])
        #expect(pauses == [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    }

    @Test func stopsWaitingInTheEnd() throws {
        var ledger = try ledger()
        for now in [0, TransferLedger.stallLimit, TransferLedger.stallLimit + 1] {
            let job = try #require(jobs(&ledger).first)
            ledger.record(job, verified: [], rejected: [], error: Self.gone, at: now)
            let decision = ledger.endRound(at: now, spread: 0)
            if now > TransferLedger.stallLimit {
                #expect(decision == .giveUp(.stalled(Self.gone)))
            } else {
                guard case .again = decision else {
                    Issue.record("given up early")
                    return
                }
            }
        }
    }

    @Test func beginsAgainWithWhatIsThereAndWithoutGrudges() throws {
        var ledger = try ledger([Self.near])
        let all = jobs(&ledger)
        ledger.record(all[0], verified: all[0].range.chunks, rejected: [], error: nil, at: 0)
        ledger.record(all[1], verified: [], rejected: [], error: Self.gone, at: 0)
        _ = ledger.endRound(at: 0, spread: 0)
        let there = ledger.progress
        ledger.begin(from: [Self.far])
        let again = jobs(&ledger)
        #expect(ledger.progress == there)
        #expect(again.allSatisfy { $0.server == Self.far })
        #expect(Set(again.flatMap(\.range.chunks)).isDisjoint(with: all[0].range.chunks))
        // The time that it lay still does not count.
        let later = 10 * TransferLedger.stallLimit
        ledger.record(again[0], verified: [], rejected: [], error: Self.gone, at: later)
        #expect(ledger.endRound(at: later, spread: 0) == .again(pause: 500))
    }

    @Test func asksForARejectedChunkElsewhereAndOnlyForThat() throws {
        var ledger = try ledger([Self.near, Self.far])
        for job in jobs(&ledger) {
            let rejected = job.range.chunks.filter { $0 == 0 }
            ledger.record(
                job, verified: job.range.chunks.filter { $0 > 1 }, rejected: rejected, error: nil, at: 0)
        }
        #expect(ledger.endRound(at: 0, spread: 0) == .again(pause: 0))
        let next = jobs(&ledger)
        #expect(next.first { $0.range.chunks.contains(0) }?.server == Self.far)
        #expect(next.first { $0.range.chunks.contains(1) }?.server == Self.near)
    }

    @Test func givesUpAfterFiveRejections() throws {
        var ledger = try ledger()
        for time in 1...TransferLedger.rejectionLimit {
            let job = try #require(jobs(&ledger).first { $0.range.chunks.contains(0) })
            ledger.record(job, verified: [], rejected: [0], error: nil, at: 0)
            let decision = ledger.endRound(at: 0, spread: 0)
            guard case .giveUp(.corrupt(_, .root, Self.near, times: 5)) = decision else {
                #expect(time < TransferLedger.rejectionLimit)
                continue
            }
            #expect(time == TransferLedger.rejectionLimit)
        }
        #expect(ledger.takeEvents().count == TransferLedger.rejectionLimit)
    }

    @Test func givesUpWhenEveryServerRefuses() throws {
        var ledger = try ledger([Self.near, Self.far])
        for (turn, server) in [Self.near, Self.far].enumerated() {
            let refusal = HTTPError.status(server, 404, text: "no such bundle", retryAfterSeconds: nil)
            let job = try #require(jobs(&ledger).first)
            ledger.record(job, verified: [], rejected: [], error: refusal, at: 0)
            let decision = ledger.endRound(at: 0, spread: 0)
            if turn == 0 {
                #expect(decision == .again(pause: 500))
            } else {
                #expect(decision == .giveUp(.refused(refusal)))
            }
        }
    }

    @Test func obeysAServerThatAsksForTime() throws {
        var ledger = try ledger()
        let job = try #require(jobs(&ledger).first)
        let busy = HTTPError.status(Self.near, 503, text: "", retryAfterSeconds: 9)
        ledger.record(job, verified: [], rejected: [], error: busy, at: 0)
        #expect(ledger.endRound(at: 0, spread: 0) == .again(pause: 9_000))
    }

    @Test func stopsAtOnceWhenBytesCannotBeKept() throws {
        var ledger = try ledger()
        ledger.beginRound()
        #expect(ledger.nextJob() != nil)
        ledger.recordWriteFailure("no space")
        #expect(ledger.nextJob() == nil)
        #expect(ledger.endRound(at: 0, spread: 0) == .giveUp(.cannotWrite("no space")))
    }

    @Test func hasNobodyToAskWithoutServers() throws {
        var ledger = try ledger([])
        #expect(jobs(&ledger).isEmpty)
        #expect(ledger.endRound(at: 0, spread: 0) == .giveUp(.noServer))
    }
}
