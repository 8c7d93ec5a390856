import Testing

@testable import AgentKit

/// The client against a real socket.
@Suite struct HTTPClientTests {
    static let limits = HTTPClient.Limits(connect: 1_000, idle: 300, answer: 1_000)

    private func get(
        _ client: inout HTTPClient, _ server: LoopbackServer, path: String = "/x", range: ClosedRange<Int64>? = nil,
        limit: Int = 1 << 20
    ) throws(HTTPError) -> [UInt8] {
        var body: [UInt8] = []
        _ = try client.perform(
            HTTPRequest(path: path, token: "t0ken", range: range), to: server.url, into: &body, limit: limit)
        return body
    }

    @Test func sendsWhatItIsGivenAndKeepsTheConnection() throws {
        let server = try LoopbackServer { .ok(Array($0.path.utf8) + $0.body) }
        var client = HTTPClient(limits: Self.limits)
        #expect(try get(&client, server, path: "/a") == Array("/a".utf8))
        var body: [UInt8] = []
        let post = HTTPRequest(path: "/b", token: "t0ken", body: .json(Array("[1]".utf8)))
        _ = try client.perform(post, to: server.url, into: &body, limit: 100)
        #expect(body == Array("/b[1]".utf8))
        let requests = server.requests
        #expect(requests.map(\.method) == ["GET", "POST"])
        #expect(requests.allSatisfy { $0.fields["authorization"] == "Bearer t0ken" })
        #expect(requests.allSatisfy { $0.fields["host"] == server.url.authority })
        #expect(requests.last?.fields["content-type"] == "application/json")
    }

    @Test func readsALongBodyAndTheNextAnswerBehindIt() throws {
        let long = [UInt8](repeating: 7, count: 1_000_000)
        let server = try LoopbackServer { $0.number == 0 ? .ok(long) : .ok([1]) }
        var client = HTTPClient(limits: Self.limits)
        #expect(try get(&client, server) == long)
        #expect(try get(&client, server) == [1])
    }

    @Test func asksAgainWhereAKeptConnectionWasClosed() throws {
        let server = try LoopbackServer {
            $0.number == 0 ? .rawThenClose(LoopbackServer.Answer.bytes(200, body: [1])) : .ok([2])
        }
        var client = HTTPClient(limits: Self.limits)
        #expect(try get(&client, server) == [1])
        #expect(try get(&client, server) == [2])
    }

    @Test func passesOverInterimAnswers() throws {
        let server = try LoopbackServer { _ in
            .raw(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8) + LoopbackServer.Answer.bytes(200, body: [9]))
        }
        var client = HTTPClient(limits: Self.limits)
        #expect(try get(&client, server) == [9])
    }

    @Test func tellsTheWordsOfARefusal() throws {
        let server = try LoopbackServer { _ in
            .status(429, "one at a time, please", fields: ["Retry-After: 3"])
        }
        var client = HTTPClient(limits: Self.limits)
        #expect(
            throws: HTTPError.status(server.url, 429, text: "one at a time, please", retryAfterSeconds: 3)
        ) { try get(&client, server) }
    }

    @Test func tellsATruncatedAnswerFromAWholeOne() throws {
        let server = try LoopbackServer { _ in
            .rawThenClose(Array(LoopbackServer.Answer.bytes(200, body: [1, 2, 3, 4]).dropLast()))
        }
        var client = HTTPClient(limits: Self.limits)
        var body: [UInt8] = []
        #expect(throws: HTTPError.truncated(server.url, received: 3, expected: 4)) {
            try client.perform(HTTPRequest(path: "/", token: "t"), to: server.url, into: &body, limit: 10)
        }
        #expect(body == [1, 2, 3])
    }

    @Test func waitsForNobodyForEver() throws {
        let server = try LoopbackServer { _ in .silence }
        var client = HTTPClient(limits: Self.limits)
        let error = #expect(throws: HTTPError.self) { try get(&client, server) }
        guard case .timedOut(server.url, waitingFor: "answer", _)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test func saysWhenNobodyListens() throws {
        let server = try LoopbackServer { _ in .silence }
        server.stop()
        var client = HTTPClient(limits: Self.limits)
        let error = #expect(throws: HTTPError.self) { try get(&client, server) }
        #expect(error?.description == "cannot connect to \(server.url): Connection refused")
    }

    @Test func refusesABodyOverItsLimitBeforeReadingIt() throws {
        let server = try LoopbackServer { _ in .ok([UInt8](repeating: 0, count: 11)) }
        var client = HTTPClient(limits: Self.limits)
        #expect(throws: HTTPError.self) { try get(&client, server, limit: 10) }
    }

    @Test(arguments: [
        ("Content-Range: bytes 0-3/9", 206), ("Content-Range: bytes 1-3/9", 206), ("X: y", 206), ("X: y", 200),
    ])
    func refusesAnotherRangeThanAskedFor(field: String, status: Int) throws {
        let server = try LoopbackServer { _ in
            .raw(LoopbackServer.Answer.bytes(status, [field], body: [1, 2, 3, 4]))
        }
        var client = HTTPClient(limits: Self.limits)
        let error = #expect(throws: HTTPError.self) { try get(&client, server, range: 1...4) }
        guard case .unexpectedBody? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }
}
