import Testing

@testable import StormKit

@Suite struct HTTPAnswerHeadTests {
    @Test func whatMattersIsRead() throws {
        let text = "HTTP/1.1 503 Busy\r\nContent-Length: 12\r\nretry-after:  3\r\nConnection: close\r\n\r\n"
        let head = try #require(HTTPAnswerHead(Array(text.utf8)))
        #expect(head.status == 503 && head.contentLength == 12 && head.retryAfter == 3 && !head.keepsAlive)
        #expect(HTTPAnswerHead.length(in: Array((text + "body").utf8)) == text.utf8.count)
        #expect(HTTPAnswerHead.length(in: Array(text.utf8.dropLast())) == nil)
    }

    @Test(arguments: [
        "", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 20x OK\r\nContent-Length: 1\r\n\r\n",
    ])
    func otherBytesAreNoHead(text: String) {
        #expect(HTTPAnswerHead(Array(text.utf8)) == nil)
    }

    @Test func filesAreCutIntoRanges() {
        let pieces = HTTPLoad.pieces(of: ["/a", "/b"], size: 25, length: 10)
        #expect(pieces.map(\.offset) == [0, 10, 20, 0, 10, 20] && pieces.map(\.length) == [10, 10, 5, 10, 10, 5])
        #expect(HTTPLoad.pieces(of: ["/a"], size: 25, length: 0).isEmpty)
    }
}
