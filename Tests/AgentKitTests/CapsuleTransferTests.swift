import BootProtocols
import CapsuleFormat
import Glibc
import PacketIO
import Synchronization
import Testing

@testable import AgentKit

/// The transfer against a real server on loopback that breaks in every way that the agent has to survive. What
/// counts is always the same: the streams are there, byte for byte, and what went wrong was told.
@Suite struct CapsuleTransferTests {
    static let chunker = ChunkerParameters(minimum: 512, average: 2048, maximum: 8192)

    /// Two streams of a capsule in several bundles, and a transfer of them.
    struct Bench {
        let capsule: TestCapsule
        let root: [UInt8]
        let modules: [UInt8]
        let files: [StreamFile]
        let memory = MemoryWatch()

        init(size: Int = 300_000) throws {
            root = Bench.noise(size, seed: 1)
            // Shares a part with the root, so that some chunks are in two streams.
            modules = Array(root.prefix(60_000)) + Bench.noise(40_000, seed: 2)
            capsule = try TestCapsule(
                "lab@1", streams: [(.root, root), (.modules, modules)], bundleSize: 64 << 10,
                chunker: try #require(CapsuleTransferTests.chunker))
            files = [try Kexec.memoryFile("root"), try Kexec.memoryFile("modules")]
        }

        static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
            var state = seed &* 0x9E37_79B9_7F4A_7C15
            return (0..<count).map { _ in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state >> 24)
            }
        }

        func transfer(connections: Int = 3) -> CapsuleTransfer {
            let streams = [StreamRole.root, .modules].compactMap { ChunkedStream($0, of: capsule.decodedIndex) }
            return CapsuleTransfer(
                streams, into: files, connections: connections,
                limits: HTTPClient.Limits(connect: 2_000, idle: 1_000, answer: 10_000),
                planner: FetchPlanner(maximumLength: 32 << 10))
        }

        /// What a good server says.
        func answer(_ request: LoopbackServer.Request) -> [UInt8] {
            let name = request.path.split(separator: "/").last.map(String.init) ?? ""
            guard request.path.hasPrefix("/node/v1/bundles/"), let id = ContentDigest(hex: name),
                let bundle = capsule.bundles[id], let range = request.range, range.upperBound < bundle.count
            else { return LoopbackServer.Answer.bytes(404, body: []) }
            return LoopbackServer.Answer.bytes(
                206, ["Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/\(bundle.count)"],
                body: Array(bundle[range]))
        }

        /// Runs the transfer to its end and gives what was told on the way.
        func run(
            _ transfer: CapsuleTransfer, from servers: [ServerURL], token: String = "secret"
        ) throws(TransferFailure) -> [TransferEvent] {
            var events: [TransferEvent] = []
            try transfer.run(from: servers, token: token, memory: memory) { _, new in events += new }
            return events
        }

        func expectWhole() throws {
            #expect(try contents(files[0]) == root)
            #expect(try contents(files[1]) == modules)
        }

        private func contents(_ file: StreamFile) throws -> [UInt8] {
            try systemCall("lseek") { lseek(file.descriptor.raw, 0, SEEK_SET) }
            return try file.descriptor.readAll()
        }
    }

    @Test func bringsEveryByteOverSeveralConnections() throws {
        let bench = try Bench()
        let server = try LoopbackServer { .raw(bench.answer($0)) }
        let events = try bench.run(bench.transfer(), from: [server.url])
        #expect(events.isEmpty)
        try bench.expectWhole()
        #expect(server.requests.allSatisfy { $0.fields["authorization"] == "Bearer secret" })
        // Nothing was asked for twice.
        #expect(Set(server.requests.map { "\($0.path) \($0.fields["range"] ?? "")" }).count == server.requests.count)
    }

    @Test func fetchesADamagedChunkAgain() throws {
        let bench = try Bench()
        let server = try LoopbackServer { request in
            var bytes = bench.answer(request)
            if request.number == 1 { bytes[bytes.count - 100] ^= 0x40 }
            return .raw(bytes)
        }
        let events = try bench.run(bench.transfer(), from: [server.url])
        try bench.expectWhole()
        #expect(events.count == 1)
        guard case .rejected(_, _, server.url, times: 1)? = events.first else {
            Issue.record("no rejection was told: \(events)")
            return
        }
    }

    @Test func fetchesADamagedChunkElsewhere() throws {
        let bench = try Bench()
        let bad = try LoopbackServer { request in
            var bytes = bench.answer(request)
            bytes[bytes.count - 1] ^= 1
            return .raw(bytes)
        }
        let good = try LoopbackServer { .raw(bench.answer($0)) }
        let events = try bench.run(bench.transfer(), from: [bad.url, good.url])
        try bench.expectWhole()
        #expect(!events.isEmpty)
        #expect(!good.requests.isEmpty)
        for event in events {
            guard case .rejected(_, _, let server, _) = event else { continue }
            #expect(server == bad.url)
        }
    }

    @Test func givesUpOnAChunkThatStaysDamagedAndGoesOnOnceItIsMended() throws {
        let bench = try Bench()
        let damaged = try #require(bench.capsule.bundles.keys.min())
        let mended = Mutex(false)
        let server = try LoopbackServer { request in
            var bytes = bench.answer(request)
            if request.path.hasSuffix(damaged.hex), !mended.withLock({ $0 }) { bytes[bytes.count - 1] ^= 1 }
            return .raw(bytes)
        }
        let transfer = bench.transfer()
        do throws(TransferFailure) {
            _ = try bench.run(transfer, from: [server.url])
            Issue.record("a damaged capsule was accepted")
        } catch {
            guard case .corrupt(_, _, server.url, times: TransferLedger.rejectionLimit) = error else {
                Issue.record("another reason: \(error)")
                return
            }
        }
        let there = transfer.progress.presentBytes
        #expect(there > 0)
        let before = server.requests.count
        mended.withLock { $0 = true }
        _ = try bench.run(transfer, from: [server.url])
        try bench.expectWhole()
        let asked = server.requests.dropFirst(before).compactMap(\.range).reduce(0) { $0 + $1.count }
        #expect(Int64(asked) <= transfer.progress.totalBytes - there + 64 * 1024)
    }

    @Test func resumesAfterTruncationResetAndServerErrors() throws {
        let bench = try Bench()
        let server = try LoopbackServer { request in
            let bytes = bench.answer(request)
            switch request.number % 7 {
            case 1: return .rawThenClose(Array(bytes.prefix(bytes.count * 2 / 3)))
            case 2: return .rawThenReset(Array(bytes.prefix(bytes.count / 2)))
            case 3: return .status(503, "busy")
            case 4: return .rawThenClose([])
            case 5: return .rawThenClose(Array(bytes.prefix(20)))
            default: return .raw(bytes)
            }
        }
        let events = try bench.run(bench.transfer(), from: [server.url])
        try bench.expectWhole()
        #expect(events.contains { if case .resumed = $0 { true } else { false } })
        #expect(!events.contains { if case .rejected = $0 { true } else { false } })
    }

    @Test func keepsWhatATruncatedAnswerBrought() throws {
        let bench = try Bench()
        let server = try LoopbackServer { request in
            let bytes = bench.answer(request)
            return request.number == 0 ? .rawThenClose(Array(bytes.dropLast(10))) : .raw(bytes)
        }
        let events = try bench.run(bench.transfer(connections: 1), from: [server.url])
        try bench.expectWhole()
        #expect(events.contains { if case .resumed(_, .truncated, _) = $0 { true } else { false } })
        let first = try #require(server.requests.first?.range)
        let again = try #require(server.requests.dropFirst().first?.range)
        // The next request is for the end of the first range only.
        #expect(again.upperBound == first.upperBound)
        #expect(again.lowerBound > first.lowerBound)
    }

    @Test func goesOnWhenTheServerComesBack() throws {
        let bench = try Bench()
        let stopped = Mutex(false)
        let holder = Mutex<LoopbackServer?>(nil)
        let server = try LoopbackServer { request in
            if request.number == 4 {
                stopped.withLock { $0 = true }
                holder.withLock { $0 }?.stop()
                return .rawThenClose([])
            }
            return .raw(bench.answer(request))
        }
        holder.withLock { $0 = server }
        let transfer = bench.transfer()
        var events: [TransferEvent] = []
        var restarted = false
        var atStop: TransferProgress?
        try transfer.run(from: [server.url], token: "secret", memory: bench.memory) { progress, new in
            events += new
            // Nobody is left to ask.
            if !restarted, new.contains(where: { if case .waiting = $0 { true } else { false } }) {
                restarted = true
                atStop = progress
                #expect(throws: Never.self) { try server.restart() }
            }
        }
        holder.withLock { $0 = nil }
        try bench.expectWhole()
        #expect(try #require(atStop).presentBytes > 0)
        #expect(events.contains { if case .resumed = $0 { true } else { false } })
    }

    @Test func triesTheNextServerWhenOneIsGone() throws {
        let bench = try Bench()
        let gone = try LoopbackServer { _ in .rawThenClose([]) }
        gone.stop()
        let good = try LoopbackServer { .raw(bench.answer($0)) }
        let events = try bench.run(bench.transfer(), from: [gone.url, good.url])
        try bench.expectWhole()
        #expect(events.contains { if case .resumed(good.url, _, _) = $0 { true } else { false } })
    }

    @Test func survivesAServerThatSaysNothing() throws {
        let bench = try Bench(size: 40_000)
        let server = try LoopbackServer { request in
            request.number == 0 ? .silence : .raw(bench.answer(request))
        }
        let events = try bench.run(bench.transfer(), from: [server.url])
        try bench.expectWhole()
        #expect(events.contains { if case .resumed(_, .timedOut, _) = $0 { true } else { false } })
    }

    @Test func stopsAtOnceWhenTheTokenIsRefused() throws {
        let bench = try Bench()
        let server = try LoopbackServer { request in
            request.fields["authorization"] == "Bearer secret"
                ? .raw(bench.answer(request)) : .status(401, "unknown token")
        }
        let transfer = bench.transfer()
        do throws(TransferFailure) {
            _ = try bench.run(transfer, from: [server.url], token: "stale")
            Issue.record("bytes were taken without a token")
        } catch {
            guard case .refused(.status(server.url, 401, text: "unknown token", _)) = error else {
                Issue.record("another reason: \(error)")
                return
            }
        }
        // With a new token from a check-in the same transfer goes on.
        _ = try bench.run(transfer, from: [server.url])
        try bench.expectWhole()
    }

    @Test func refusesAServerThatIgnoresRanges() throws {
        let bench = try Bench(size: 40_000)
        let whole = try LoopbackServer { request in
            let name = request.path.split(separator: "/").last.map(String.init) ?? ""
            return .ok(ContentDigest(hex: name).flatMap { bench.capsule.bundles[$0] } ?? [])
        }
        let good = try LoopbackServer { .raw(bench.answer($0)) }
        _ = try bench.run(bench.transfer(), from: [whole.url, good.url])
        try bench.expectWhole()
    }
}
