public import BootMachine
public import PacketIO

/// An answer as the endpoints make it; the connection sends it, always with a Content-Length.
public struct BootAnswer: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        /// A part of an open file. With status 206 the head tells which.
        case file(ReadOnlyFile, Range<Int>)
    }

    /// Where what was sent is written down.
    public enum Account: Sendable {
        case none
        /// On a node's timeline, with bytes and duration, once the last byte has been handed to the kernel, or as a
        /// refusal where the client ended it before.
        case timeline(BootEvent)
        /// In the sum of a boot attempt's bundles.
        case bundle(String, attempt: Int64)
    }

    public var status: Int
    public var contentType: String
    /// Further headers; Content-Length, Content-Type, and Content-Range of a 206 are written without being named here.
    public var headers: [(String, String)]
    public var body: Body
    public var account: Account
    /// It takes one of the places for transfers to agents, and is put off where there is none.
    public var needsPlace = false
    /// Its file leaves no faster than this, nor than the server's own pace.
    var pace: StreamPace?

    init(
        status: Int, contentType: String, headers: [(String, String)] = [], body: Body, account: Account = .none
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
        self.account = account
    }

    /// Bytes of the body, sent or, in answer to HEAD, not.
    var length: Int {
        switch body {
        case .bytes(let bytes): bytes.count
        case .file(_, let part): part.count
        }
    }

    /// An answer of plain text; firmware shows its first line to people.
    static func text(_ status: Int, _ text: String) -> BootAnswer {
        BootAnswer(status: status, contentType: "text/plain; charset=utf-8", body: .bytes(Array((text + "\n").utf8)))
    }

    static func json(_ status: Int, _ bytes: [UInt8]) -> BootAnswer {
        BootAnswer(status: status, contentType: "application/json", body: .bytes(bytes))
    }

    /// Done, nothing to say.
    static func noContent() -> BootAnswer {
        BootAnswer(status: 204, contentType: "text/plain", body: .bytes([]))
    }

    /// Not now (RFC 9110, 15.6.4). The time differs from answer to answer: those who were put off together are not to
    /// come back together.
    static func putOff() -> BootAnswer {
        var answer = text(503, "there is much to do here; ask again after the time in Retry-After")
        answer.headers = [("Retry-After", String(Int.random(in: 1...5)))]
        return answer
    }
}
