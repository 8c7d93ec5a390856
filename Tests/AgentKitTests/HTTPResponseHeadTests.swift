import AgentKit
import Testing

@Suite struct HTTPResponseHeadTests {
    private func parse(_ text: String) throws(HTTPHeadError) -> (head: HTTPResponseHead, length: Int)? {
        try HTTPResponseHead.parse(Array(text.utf8))
    }

    @Test func readsARangeAnswer() throws {
        let text = "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\nContent-Range: bytes 5-14/100\r\n\r\n"
        let found = try #require(try parse(text + "0123456789"))
        #expect(found.length == text.utf8.count)
        #expect(found.head.status == 206)
        #expect(found.head.contentLength == 10)
        #expect(found.head.contentRange == 5...14)
        #expect(found.head.keepsAlive)
    }

    @Test func asksForMoreUntilTheEmptyLine() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        for count in 0..<text.utf8.count {
            #expect(try HTTPResponseHead.parse(Array(text.utf8.prefix(count))) == nil)
        }
        #expect(try parse(text) != nil)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\nContent-Length:3\n\n", true), ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", false),
        ("HTTP/1.1 200\r\ncontent-LENGTH: \t3 \r\nConnection: Close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\n", true),
    ])
    func readsTheVariantsThatServersSend(text: String, keepsAlive: Bool) throws {
        let found = try #require(try parse(text))
        #expect(found.head.contentLength == 3)
        #expect(found.head.keepsAlive == keepsAlive)
    }

    @Test func readsHowLongToStayAway() throws {
        let found = try #require(
            try parse("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n"))
        #expect(found.head.retryAfterSeconds == 7)
        let dated = try #require(
            try parse("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n"))
        #expect(dated.head.retryAfterSeconds == nil)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", HTTPHeadError.contentLength(nil)),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .contentLength("-1")),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", .contentLength("+1")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", .contentLength("99999999999999999999")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .contentLength("2")),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferCoding("chunked")),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .field("no colon")),
        ("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", .field("Content-Length : 1")),
        ("HTTP/1.1 200 OK\r\n: 1\r\n\r\n", .field(": 1")),
        ("HTTP/1.1 20 OK\r\n\r\n", .statusLine("HTTP/1.1 20 OK")),
        ("HTTP/1.1 2000 OK\r\n\r\n", .statusLine("HTTP/1.1 2000 OK")),
        ("HTTP/1.1 099 OK\r\n\r\n", .statusLine("HTTP/1.1 099 OK")),
        ("HTTP/2 200 OK\r\n\r\n", .statusLine("HTTP/2 200 OK")),
        ("SSH-2.0-OpenSSH\r\n\r\n", .statusLine("SSH-2.0-OpenSSH")),
        ("HTTP/1.1 206 P\r\nContent-Length: 1\r\nContent-Range: bytes 5-4/9\r\n\r\n", .contentRange("bytes 5-4/9")),
        ("HTTP/1.1 206 P\r\nContent-Length: 1\r\nContent-Range: 5-6/9\r\n\r\n", .contentRange("5-6/9")),
    ])
    func refusesWhatItCannotTrust(text: String, error: HTTPHeadError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test func refusesAHeadWithoutEnd() {
        let text = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: HTTPResponseHead.sizeLimit)
        #expect(throws: HTTPHeadError.tooLong) { try parse(text) }
    }

    @Test func neverTrapsOnAnyBytes() {
        let seed = Array("HTTP/1.1 206 P\r\nContent-Length: 12\r\nContent-Range: bytes 0-11/12\r\n\r\n".utf8)
        var generator = SplitMix(state: 7)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                }
            }
            guard let found = try? HTTPResponseHead.parse(bytes) else { continue }
            #expect(found.length <= bytes.count && found.head.contentLength >= 0)
        }
    }
}

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
