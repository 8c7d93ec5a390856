import Testing

@testable import BootHTTP

@Suite struct RequestReaderTests {
    private static let range = "GET /boot/x HTTP/1.1\r\nHost: a\r\nrange:  bytes=0-9 \r\nIf-Range: \"t\"\r\n\r\n"
    private static let report = "POST /node/v1/report HTTP/1.1\nHOST: a\nContent-Length: 2\n\n[]"

    private static func read(_ text: String) throws -> [(head: RequestHead, body: [UInt8])] {
        var reader = RequestReader()
        reader.append(Array(text.utf8))
        var requests: [(head: RequestHead, body: [UInt8])] = []
        while let request = try reader.next() { requests.append(request) }
        return requests
    }

    private static func problem(_ text: String) -> RequestProblem? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error as? RequestProblem
        }
    }

    @Test func whatIsNeededIsRead() throws {
        let requests = try Self.read("\r\n" + Self.range + Self.report)
        #expect(requests.count == 2)
        #expect(requests[0].head.method == .get && requests[0].head.target == "/boot/x")
        #expect(requests[0].head.range == "bytes=0-9" && requests[0].head.ifRange == "\"t\"")
        #expect(requests[1].head.method == .post && requests[1].body == Array("[]".utf8))
        #expect(requests[0].head.keepsAlive && requests[1].head.keepsAlive)
    }

    @Test func piecesMakeNoDifference() throws {
        var reader = RequestReader()
        var requests: [RequestHead] = []
        for byte in (Self.range + Self.report + Self.range).utf8 {
            reader.append([byte])
            while let (head, _) = try reader.next() { requests.append(head) }
        }
        #expect(requests.map(\.target) == ["/boot/x", "/node/v1/report", "/boot/x"])
        #expect(reader.isIdle && reader.waiting == 0)
    }

    @Test(arguments: [
        ("GET http://10.0.0.1:8987/boot/x HTTP/1.1\r\nHost: a\r\n\r\n", "/boot/x", true),
        ("GET http://10.0.0.1 HTTP/1.1\r\nHost: a\r\n\r\n", "/", true),
        ("GET /boot/x HTTP/1.0\r\n\r\n", "/boot/x", false),
        ("GET /boot/x HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "/boot/x", false),
    ])
    func formsOfRequests(text: String, target: String, keepsAlive: Bool) throws {
        let head = try #require(try Self.read(text).first?.head)
        #expect(head.target == target && head.keepsAlive == keepsAlive)
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", 400), ("GET  HTTP/1.1\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417), ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), ("\r\n\r\n\r\n\r\n\r\n\r\n", 400),
        ("GET /" + String(repeating: "a", count: 3000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (String(repeating: "a", count: 20_000), 414),
        ("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 20_000), 431),
        ("GET / HTTP/1.1\r\n" + String(repeating: "X: a\r\n", count: 65) + "\r\n", 431),
        ("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 16_384) + "\r\n\r\n", 431),
    ])
    func whatIsNoRequestIsRefused(text: String, status: Int) {
        #expect(Self.problem(text)?.status == status)
    }

    @Test func aBodyThatWaitsForLeaveIsGivenItOnce() throws {
        var reader = RequestReader()
        reader.append(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n".utf8))
        let early = try reader.next()
        #expect(early == nil)
        let isFirst = reader.takeExpectation()
        let isSecond = reader.takeExpectation()
        #expect(isFirst && !isSecond)
        reader.append(Array("[]".utf8))
        let whole = try reader.next()
        #expect(whole?.body == Array("[]".utf8))
    }

    @Test func noBytesTrap() {
        var state: UInt64 = 88_172_645_463_325_252
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let seeds = [Self.range, Self.report].map { Array($0.utf8) }
        for _ in 0..<3000 {
            var bytes = seeds[random(2)] + seeds[random(2)]
            for _ in 0..<random(6) { bytes[random(bytes.count)] = UInt8(truncatingIfNeeded: random(256)) }
            var reader = RequestReader()
            var rest = bytes[...]
            do throws(RequestProblem) {
                while !rest.isEmpty {
                    let piece = rest.prefix(1 + random(40))
                    rest = rest.dropFirst(piece.count)
                    reader.append(piece)
                    while try reader.next() != nil {}
                }
            } catch {
                #expect((400...599).contains(error.status) && !error.text.isEmpty)
            }
        }
    }
}
