/// Cuts what a client sends into requests: a value that holds no more than one head, one body and what was sent ahead
/// of its turn.
struct RequestReader: Sendable {
    /// Longest head, in bytes, its empty line included.
    static let headLimit = 16 << 10
    /// Longest body, in bytes: a check-in is under 2 KiB, a batch of reports under 64.
    static let bodyLimit = 256 << 10
    /// Empty lines in front of a request that are passed over (RFC 9112, 2.2).
    private static let blankLimit = 4

    private var pending: [UInt8] = []
    /// Of `pending`, what is done with.
    private var start = 0
    /// Up to here no empty line was found.
    private var scanned = 0
    private var head: RequestHead? { didSet { isInBody = head != nil } }
    private var blanks = 0

    /// Whether nothing of a request has come.
    var isIdle: Bool { !isInBody && start == pending.count }
    /// Whether a head is complete, and its body is not.
    private(set) var isInBody = false
    /// Bytes that wait for their turn.
    var waiting: Int { pending.count - start }

    mutating func append(_ bytes: some Collection<UInt8>) {
        if start == pending.count {
            forget()
        } else if start >= Self.headLimit {
            pending.removeFirst(start)
            scanned -= start
            start = 0
        }
        pending.append(contentsOf: bytes)
    }

    /// The next whole request; nil where more bytes are needed.
    mutating func next() throws(RequestProblem) -> (head: RequestHead, body: [UInt8])? {
        guard let head = try takeHead(), waiting >= head.contentLength else { return nil }
        let body = Array(pending[start..<(start + head.contentLength)])
        start += head.contentLength
        scanned = start
        self.head = nil
        if start == pending.count { forget() }
        return (head, body)
    }

    /// Once for each request that wants to hear a 100 before it sends its body.
    mutating func takeExpectation() -> Bool {
        guard head?.expectsContinue == true else { return false }
        head?.expectsContinue = false
        return true
    }

    private mutating func takeHead() throws(RequestProblem) -> RequestHead? {
        if let head { return head }
        try passBlanks()
        guard let end = endOfHead() else {
            guard waiting < Self.headLimit else { throw tooLarge() }
            return nil
        }
        guard end - start <= Self.headLimit else { throw tooLarge() }
        let head = try RequestHead(pending[start..<end])
        guard head.contentLength <= Self.bodyLimit else { throw .bodyTooLarge(limit: Self.bodyLimit) }
        start = end
        scanned = end
        blanks = 0
        self.head = head
        return head
    }

    /// A line that does not end is a target that is too long.
    private func tooLarge() -> RequestProblem {
        pending[start...].prefix(Self.headLimit).contains(UInt8(ascii: "\n"))
            ? .headTooLarge(limit: Self.headLimit) : .targetTooLong(limit: RequestHead.targetLimit)
    }

    private mutating func passBlanks() throws(RequestProblem) {
        while start < pending.count {
            if pending[start] == UInt8(ascii: "\n") {
                blanks += 1
                guard blanks <= Self.blankLimit else { throw .malformed("empty lines in place of a request") }
            } else if pending[start] != UInt8(ascii: "\r") || start + 1 == pending.count
                || pending[start + 1] != UInt8(ascii: "\n")
            {
                break
            }
            start += 1
        }
        scanned = max(scanned, start)
    }

    /// Behind the empty line; what was looked at once is not looked at again.
    private mutating func endOfHead() -> Int? {
        var index = scanned
        while index < pending.count {
            guard let newline = pending[index...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            let next = newline + 1
            if next < pending.count, pending[next] == UInt8(ascii: "\n") { return next + 1 }
            if next + 1 < pending.count, pending[next] == UInt8(ascii: "\r"), pending[next + 1] == UInt8(ascii: "\n") {
                return next + 2
            }
            // Its line may be the last before the empty one, which has not come yet.
            if next + 1 >= pending.count {
                scanned = newline
                return nil
            }
            index = next
        }
        scanned = max(scanned, pending.count)
        return nil
    }

    /// Gives back what memory there is: an idle connection costs none.
    private mutating func forget() {
        pending = []
        start = 0
        scanned = 0
    }
}
