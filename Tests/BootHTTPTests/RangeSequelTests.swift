import BootMachine
import Foundation
import NIOCore
import Registry
import Testing

@testable import BootHTTP

@Suite struct RangeSequelTests {
    private static let size = 300_000
    private static let content = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })

    /// A bundle, and what agents say to get a part of it.
    private struct Bundle {
        let fixture: EndpointsFixture
        let token: String
        let id: String

        init() async throws {
            fixture = try await EndpointsFixture()
            token = try fixture.agentToken()
            id = try fixture.addBundle(RangeSequelTests.content)
        }

        private init(_ other: Bundle, content: Data) throws {
            fixture = other.fixture
            token = other.token
            id = try fixture.addBundle(content)
        }

        /// Another one that the same agent may have.
        func neighbour(_ content: Data) throws -> Bundle { try Bundle(self, content: content) }

        func request(_ range: String, more: String = "") -> String {
            "GET /node/v1/bundles/\(id) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                + "Range: bytes=\(range)\r\n\(more)\r\n"
        }

        func answer(_ range: String) -> BootAnswer {
            fixture.get("/node/v1/bundles/\(id)", token: token, range: "bytes=\(range)")
        }

        func sequel(_ range: String, more: String = "", at time: Int64 = 0) throws -> RangeSequel? {
            let text = request(range, more: more)
            let head = try #require(RangeSequelTests.read(Array(text.utf8)))
            let answer = answer(range)
            let made = AnswerHead(answer, keepsAlive: true, date: "today")
            return RangeSequel(of: ByteBuffer(string: text), head, answered: answer, made, at: time)
        }
    }

    /// The one request that the bytes are.
    private static func read(_ bytes: [UInt8]) -> RequestHead? {
        var reader = RequestReader()
        reader.append(bytes)
        guard let (head, body) = try? reader.next(), body.isEmpty, reader.isIdle else { return nil }
        return head
    }

    @Test(arguments: ["0-0", "5-9", "100000-199999", "299999-299999", "299990-999999999999", "007-0010"])
    func theNextRangeIsAnsweredAsTheFirst(range: String) async throws {
        let bundle = try await Bundle()
        let sequel = try #require(try bundle.sequel("0-99999"))
        let part = try #require(sequel.part(askedBy: ByteBuffer(string: bundle.request(range))))
        let whole = bundle.answer(range)
        let answer = sequel.answer(of: part)
        #expect(answer.bytes == whole.bytes && answer.status == 206 && answer.needsPlace)
        for date in ["today", "tomorrow"] {
            #expect(
                sequel.bundle.head(of: part, date: date) == AnswerHead(whole, keepsAlive: true, date: date).bytes)
        }
    }

    @Test(arguments: ["0-0", "5-9", "299999-299999", "0-399999"])
    func theNextBundleIsAnsweredAsByItself(range: String) async throws {
        let bundle = try await Bundle()
        let other = try bundle.neighbour(Data(Self.content.reversed()) + Self.content)
        let sequel = try #require(try bundle.sequel("0-99999"))
        let form = try #require(try other.sequel("7-99", more: "X: y\r\n")).bundle
        let bytes = ByteBuffer(string: other.request(range))
        #expect(sequel.part(askedBy: bytes) == nil)
        let (successor, part) = try #require(sequel.successor(askedBy: bytes, among: [form.id: form]))
        #expect(successor.part(askedBy: bytes) == part)
        let whole = other.answer(range)
        let answer = successor.answer(of: part)
        #expect(answer.bytes == whole.bytes && answer.needsPlace)
        #expect(
            successor.bundle.head(of: part, date: "now") == AnswerHead(whole, keepsAlive: true, date: "now").bytes)
        guard case .bundle(let id, let attempt) = answer.account else { throw CancellationError() }
        #expect(id == other.id && attempt == AttemptToken(other.token)?.attempt)
        // And back.
        let back = ByteBuffer(string: bundle.request(range))
        let first = try #require(successor.successor(askedBy: back, among: [sequel.bundle.id: sequel.bundle]))
        #expect(first.part == sequel.part(askedBy: back))
    }

    @Test func onlyTheSameRequestHasASuccessor() async throws {
        let bundle = try await Bundle()
        let other = try bundle.neighbour(Data([1, 2, 3]))
        let form = try #require(try other.sequel("0-1")).bundle
        let known = [form.id: form]
        let sequel = try #require(try bundle.sequel("0-9"))
        #expect(sequel.successor(askedBy: ByteBuffer(string: other.request("0-1")), among: known) != nil)
        #expect(sequel.successor(askedBy: ByteBuffer(string: other.request("0-1")), among: [:]) == nil)
        let stranger = other.request("0-1").replacingOccurrences(of: bundle.token, with: bundle.token.uppercased())
        #expect(sequel.successor(askedBy: ByteBuffer(string: stranger), among: known) == nil)
        let more = other.request("0-1", more: "X: y\r\n")
        #expect(sequel.successor(askedBy: ByteBuffer(string: more), among: known) == nil)
        // What is asked for with a condition hangs on the tag of the one bundle.
        let condition = "If-Range: \"\(bundle.id)\"\r\n"
        let conditional = try #require(try bundle.sequel("0-9", more: condition))
        let asked = ByteBuffer(string: other.request("0-1", more: condition))
        #expect(conditional.successor(askedBy: asked, among: known) == nil)
    }

    @Test(arguments: ["", "-", "5-", "-5", "9-5", "300000-300001", "0-1,3-4", "0--1", "+0-1", "0-1 ", "1"])
    func otherRangesAreReadWhole(range: String) async throws {
        let bundle = try await Bundle()
        let sequel = try #require(try bundle.sequel("0-99999"))
        #expect(sequel.part(askedBy: ByteBuffer(string: bundle.request(range))) == nil)
    }

    @Test(arguments: ["5-", "-5", "0-1,3-4", " 0-9", "0-9 ,"])
    func noSequelToWhatIsNotOneRange(range: String) async throws {
        let bundle = try await Bundle()
        #expect(try bundle.sequel(range) == nil)
    }

    @Test func noSequelToTheLastRequest() async throws {
        let bundle = try await Bundle()
        #expect(try bundle.sequel("0-9", more: "Connection: close\r\n") == nil)
        #expect(try bundle.sequel("0-9", more: "X: y\r\n") != nil)
    }

    /// A connection that waits is to cost little.
    @Test func noSequelToLongRequests() async throws {
        let bundle = try await Bundle()
        let room = RangeRequest.limit - bundle.request("0-9", more: "X: \r\n").utf8.count
        #expect(try bundle.sequel("0-9", more: "X: \(String(repeating: "y", count: room))\r\n") != nil)
        #expect(try bundle.sequel("0-9", more: "X: \(String(repeating: "y", count: room + 1))\r\n") == nil)
    }

    @Test func filesOfOthersHaveNone() async throws {
        let fixture = try await EndpointsFixture()
        let text = "GET /boot/snponly.efi HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n"
        let head = try #require(Self.read(Array(text.utf8)))
        let answer = fixture.get("/boot/snponly.efi", range: "bytes=0-9")
        let made = AnswerHead(answer, keepsAlive: true, date: "")
        #expect(answer.status == 206)
        #expect(RangeSequel(of: ByteBuffer(string: text), head, answered: answer, made, at: 0) == nil)
    }

    /// Whatever is taken for a sequel is, read whole, the same request with that range.
    @Test func changedRequestsAreNoOthers() async throws {
        let bundle = try await Bundle()
        // With the same range twice, the first of which counts.
        for more in ["", "range: bytes=5-9\r\n", "If-Range: \"x\"\r\nX: bytes=5-9\r\n"] {
            let seed = Array(bundle.request("5-9", more: more).utf8)
            let first = try #require(Self.read(seed))
            let sequel = try #require(try bundle.sequel("5-9", more: more))
            var taken = 0
            for _ in 0..<20_000 {
                var changed = seed
                for _ in 0..<Int.random(in: 1...2) {
                    let place = Int.random(in: 0..<changed.count)
                    switch Int.random(in: 0..<3) {
                    case 0: changed[place] = Array("0123456789-, \r\n:x".utf8).randomElement() ?? 0
                    case 1: changed.insert(UInt8(ascii: "0") + .random(in: 0...9), at: place)
                    default: changed.remove(at: place)
                    }
                }
                guard let part = sequel.part(askedBy: ByteBuffer(bytes: changed)) else { continue }
                taken += 1
                var head = try #require(Self.read(changed))
                #expect(ByteRange.parse(head.range, size: Self.size) == .part(part))
                head.range = first.range
                head.rangePlace = first.rangePlace
                #expect(head == first)
            }
            #expect(taken > 0)
        }
    }

    /// Two requests in one piece look like a sequel where they are alike; each has its answer.
    @Test func requestsThatComeTogetherAreAllAnswered() async throws {
        let bundle = try await Bundle()
        try await withServer(bundle.fixture) { server in
            try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                client.send(bundle.request("5-9"))
                #expect(client.receive(until: 5).body.elementsEqual(Self.content[5...9]))
                // No sequel to what went before, so that it is read whole.
                client.send(bundle.request("5-9", more: "X: y\r\n"))
                #expect(client.receive(until: 5).body.elementsEqual(Self.content[5...9]))
                for _ in 0..<3 {
                    client.send(bundle.request("5-9") + bundle.request("5-9"))
                    for _ in 0..<2 { #expect(client.receive(until: 5).body.elementsEqual(Self.content[5...9])) }
                }
            }
            #expect(server.counters.requests == 8 && server.counters.successes == 8)
        }
    }

    /// However often it goes on to a bundle that another client has just asked for.
    @Test func aSuccessorLastsNoLonger() async throws {
        let bundle = try await Bundle()
        let other = try bundle.neighbour(Data([1, 2, 3]))
        let sequel = try #require(try bundle.sequel("0-9"))
        let late = try #require(try other.sequel("0-1", at: 4000)).bundle
        let early = try #require(try other.sequel("0-1", at: -1000)).bundle
        let asked = ByteBuffer(string: other.request("0-1"))
        #expect(sequel.successor(askedBy: asked, among: [late.id: late])?.sequel.end == 5000)
        #expect(sequel.successor(askedBy: asked, among: [early.id: early])?.sequel.end == 4000)
    }

    @Test func oneConnectionGetsPartsInAnyOrder() async throws {
        let bundle = try await Bundle()
        try await withServer(bundle.fixture) { server in
            let parts = (0..<200).map { _ in
                let first = Int.random(in: 0..<Self.size)
                return first..<Int.random(in: first...min(first + 5000, Self.size - 1)) + 1
            }
            try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                for part in parts {
                    client.send(bundle.request("\(part.lowerBound)-\(part.upperBound - 1)"))
                    let answer = client.receive(until: part.count)
                    #expect(answer.head.contains("Content-Length: \(part.count)\r\n"))
                    #expect(
                        answer.head.contains("bytes \(part.lowerBound)-\(part.upperBound - 1)/\(Self.size)\r\n"))
                    #expect(answer.body.elementsEqual(Self.content[part]))
                }
            }
            #expect(server.counters.requests == 200 && server.counters.successes == 200)
            let attempt = try #require(AttemptToken(bundle.token)).attempt
            #expect(bundle.fixture.endpoints.traffic.take(attempt)?.requests == 200)
        }
    }

    @Test func oneConnectionGetsPartsOfSeveralBundles() async throws {
        let bundle = try await Bundle()
        let contents = [Self.content, Data(Self.content.reversed()), Data(Self.content.prefix(1000))]
        let bundles = try contents.map(bundle.neighbour)
        try await withServer(bundle.fixture) { server in
            try await WireClient.onThread {
                let client = try WireClient(port: server.port)
                for turn in 0..<300 {
                    let number = turn < 6 ? turn % 3 : Int.random(in: 0..<3)
                    let content = contents[number]
                    let first = Int.random(in: 0..<content.count)
                    let last = Int.random(in: first..<min(first + 5000, content.count))
                    client.send(bundles[number].request("\(first)-\(last)"))
                    let answer = client.receive(until: last - first + 1)
                    #expect(answer.head.contains("bytes \(first)-\(last)/\(content.count)\r\n"))
                    #expect(answer.head.contains(bundles[number].id))
                    #expect(answer.body.elementsEqual(content[first...last]))
                }
            }
            #expect(server.counters.requests == 300 && server.counters.successes == 300)
        }
    }

    @Test func aSpentTokenIsNoLongerGoodForLong() async throws {
        let bundle = try await Bundle()
        try await withServer(bundle.fixture) { server in
            let client = try WireClient(port: server.port)
            try await WireClient.onThread {
                for _ in 0..<3 {
                    client.send(bundle.request("0-9"))
                    #expect(client.receive(until: 10).head.hasPrefix("HTTP/1.1 206"))
                }
            }
            // The machine begins another attempt.
            _ = try bundle.fixture.agentToken()
            try await WireClient.onThread {
                let began = ContinuousClock.now
                var heads = 0
                repeat {
                    client.send(bundle.request("\(heads % 10)-9"))
                    let answer = client.receive(until: 10 - heads % 10)
                    if answer.head.hasPrefix("HTTP/1.1 401") { return }
                    heads += 1
                    usleep(10_000)
                } while ContinuousClock.now - began < .seconds(20)
                Issue.record("it is still good after \(heads) requests")
            }
        }
    }
}

extension WireClient {
    /// One answer with a body of so many bytes.
    fileprivate func receive(until size: Int) -> (head: String, body: [UInt8]) {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let byte = receive(1)
            guard !byte.isEmpty else { break }
            head += byte
        }
        return (String(decoding: head, as: UTF8.self), receive(size))
    }
}
