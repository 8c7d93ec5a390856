/// One connection to one server at a time, kept alive between requests: HTTP/1.1 for what the agent asks, over
/// non-blocking sockets with limits on every wait. For one thread.
package struct HTTPClient: ~Copyable {
    /// Milliseconds.
    package struct Limits: Sendable {
        package var connect: Int64
        /// Without a single byte.
        package var idle: Int64
        /// For a whole answer, so that a server that drips cannot hold a thread.
        package var answer: Int64

        package init(connect: Int64 = 5_000, idle: Int64 = 10_000, answer: Int64 = 60_000) {
            self.connect = connect
            self.idle = idle
            self.answer = answer
        }
    }

    private let limits: Limits
    private var stream: TCPStream?
    /// Received and not looked at yet: what of a body came with its head.
    private var ahead: [UInt8] = []
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    deinit { room.deallocate() }

    /// Sends a request and receives its answer.
    /// - Parameters:
    ///   - body: emptied, then filled with the answer's body. After an error it holds what had come.
    ///   - limit: the longest body that is accepted, in bytes.
    /// - Returns: the head of a 2xx answer; every other status is an error.
    package mutating func perform(
        _ request: HTTPRequest, to server: ServerURL, into body: inout [UInt8], limit: Int
    ) throws(HTTPError) -> HTTPResponseHead {
        let reused = stream?.server == server
        do throws(HTTPError) {
            return try exchange(request, server, &body, limit)
        } catch {
            stream = nil
            // A kept connection may have been closed while it lay idle: that is seen only now, and once.
            guard reused, body.isEmpty, error.meansStaleConnection else { throw error }
        }
        do throws(HTTPError) {
            return try exchange(request, server, &body, limit)
        } catch {
            stream = nil
            throw error
        }
    }

    /// Closes the connection; the next request opens one.
    package mutating func close() {
        stream = nil
        ahead = []
    }

    private mutating func exchange(
        _ request: HTTPRequest, _ server: ServerURL, _ body: inout [UInt8], _ limit: Int
    ) throws(HTTPError) -> HTTPResponseHead {
        body.removeAll(keepingCapacity: true)
        if stream?.server != server {
            ahead = []
            stream = try TCPStream.connect(to: server, timeout: limits.connect)
        }
        let deadline = BootClock.milliseconds() + limits.answer
        try stream?.send(request.encoded(for: server), until: deadline, idle: limits.idle)
        let head = try receiveHead(server, deadline)
        guard (200...299).contains(head.status) else { throw refusal(head, server, deadline) }
        guard head.contentLength <= Int64(limit) else {
            throw .unexpectedBody(server, "the answer has \(head.contentLength) bytes, at most \(limit) are expected")
        }
        if let range = request.range { try check(head, has: range, server) }
        try receiveBody(Int(truncatingIfNeeded: head.contentLength), &body, server, deadline)
        if !head.keepsAlive { close() }
        return head
    }

    /// A server may ignore a range and send everything (RFC 9110, 14.2), which is no use here.
    private func check(
        _ head: HTTPResponseHead, has range: ClosedRange<Int64>, _ server: ServerURL
    ) throws(HTTPError) {
        let length = range.upperBound - range.lowerBound + 1
        guard head.status == 206, head.contentRange == range, head.contentLength == length else {
            let found = head.contentRange.map { "bytes \($0.lowerBound)-\($0.upperBound)" } ?? "no range"
            throw .unexpectedBody(
                server,
                "asked for bytes \(range.lowerBound)-\(range.upperBound), the answer (\(head.status)) has \(found)")
        }
    }

    /// Interim answers (1xx, RFC 9110, 15.2) are passed over, a few of them.
    private mutating func receiveHead(
        _ server: ServerURL, _ deadline: Int64
    ) throws(HTTPError) -> HTTPResponseHead {
        var interim = 0
        while true {
            do throws(HTTPHeadError) {
                if let (head, length) = try HTTPResponseHead.parse(ahead) {
                    ahead.removeFirst(length)
                    if head.status >= 200 { return head }
                    interim += 1
                    guard interim <= 8 else { throw .statusLine("more than 8 interim responses") }
                    continue
                }
            } catch {
                throw .badHead(server, error)
            }
            let got = try receive(atMost: room.count, "answer", deadline)
            guard got > 0 else { throw .closedEarly(server) }
            ahead.append(contentsOf: room[..<got])
        }
    }

    private mutating func receiveBody(
        _ length: Int, _ body: inout [UInt8], _ server: ServerURL, _ deadline: Int64
    ) throws(HTTPError) {
        body.reserveCapacity(length)
        let early = min(ahead.count, length)
        body.append(contentsOf: ahead[..<early])
        ahead.removeFirst(early)
        while body.count < length {
            let got = try receive(atMost: length - body.count, "bytes of the answer", deadline)
            guard got > 0 else {
                throw .truncated(server, received: Int64(body.count), expected: Int64(length))
            }
            body.append(contentsOf: room[..<got])
        }
    }

    /// Fills the front of `room`; 0 at the connection's end.
    private func receive(atMost count: Int, _ what: String, _ deadline: Int64) throws(HTTPError) -> Int {
        let target = UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, count)])
        return try stream?.receive(into: target, what, until: deadline, idle: limits.idle) ?? 0
    }

    /// The error for a status that is not 2xx, with the first words of its body.
    private mutating func refusal(_ head: HTTPResponseHead, _ server: ServerURL, _ deadline: Int64) -> HTTPError {
        var text: [UInt8] = []
        let length = Int(truncatingIfNeeded: min(head.contentLength, 4096))
        let whole = (try? receiveBody(length, &text, server, deadline)) != nil
        if !whole || head.contentLength > 4096 || !head.keepsAlive { close() }
        let words = String(decoding: text.prefix(300), as: UTF8.self).trimmingBlanks()
        return .status(
            server, head.status, text: words.isEmpty ? head.reason : words, retryAfterSeconds: head.retryAfterSeconds)
    }
}

extension HTTPError {
    /// What a connection that the server closed in the meantime looks like.
    fileprivate var meansStaleConnection: Bool {
        switch self {
        case .closedEarly, .broken: true
        default: false
        }
    }
}
