/// A request of the agent: a GET, with or without a range, or a POST of JSON.
package struct HTTPRequest: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
        case none
        case json([UInt8])
    }

    /// Origin form (RFC 9112, 3.2.1): `/node/v1/check-in`.
    package var path: String
    /// Bearer token (RFC 6750, 2.1), which goes into the head and never into a message.
    package var token: String
    /// First and last byte, both counted (RFC 9110, 14.2): the answer must be a 206 with just these.
    package var range: ClosedRange<Int64>?
    package var body: Body

    package init(path: String, token: String, range: ClosedRange<Int64>? = nil, body: Body = .none) {
        self.path = path
        self.token = token
        self.range = range
        self.body = body
    }

    /// Head and body as they go to `server`, in one piece so that they share segments.
    package func encoded(for server: ServerURL) -> [UInt8] {
        var head = body == .none ? "GET" : "POST"
        head += " \(path) HTTP/1.1\r\nHost: \(server.authority)\r\nUser-Agent: perseid-agent\r\n"
        head += "Authorization: Bearer \(token)\r\n"
        if let range { head += "Range: bytes=\(range.lowerBound)-\(range.upperBound)\r\n" }
        guard case .json(let bytes) = body else { return Array((head + "\r\n").utf8) }
        head += "Content-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n"
        return Array(head.utf8) + bytes
    }

    /// Whether a path or a token can stand in a head without ending it: printable ASCII, no blank.
    package static func isSafe(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 512 && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
