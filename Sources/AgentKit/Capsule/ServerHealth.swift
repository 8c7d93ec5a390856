/// What a transfer knows of one of its servers: whether it can be asked now, and if not, when again.
package struct ServerHealth: Hashable, Sendable {
    package let server: ServerURL
    /// Not asked before, in milliseconds of the caller's clock.
    package private(set) var restsUntil = Int64.min
    /// It will not give these bytes, whenever it is asked.
    package private(set) var refusal: HTTPError?
    private var backoff = Backoff.transfer
    /// Answers in a row that were no answers to the question: another range, another length, no HTTP.
    private var strikes = 0

    /// So many wrong answers in a row count as a refusal.
    static let strikeLimit = 5
    /// The longest pause that a server may ask for, in seconds.
    static let longestRetryAfter: Int64 = 300

    package init(_ server: ServerURL) {
        self.server = server
    }

    package func canBeAsked(at now: Int64) -> Bool { refusal == nil && restsUntil <= now }

    /// Something came and was good.
    package mutating func succeeded() {
        backoff.reset()
        strikes = 0
        refusal = nil
    }

    /// A request failed. Those that were under way when the server began to rest do not count again.
    /// - Parameter spread: 0...1, random. A pause of our own is shortened by it and one that the server asks for is
    ///   lengthened, by up to a quarter, so that nodes that failed together do not come back together.
    package mutating func failed(_ error: HTTPError, at now: Int64, spread: Double) {
        if error.isRefusal { refusal = error }
        guard now >= restsUntil else { return }
        if error.isNoAnswer {
            strikes += 1
            if strikes >= Self.strikeLimit { refusal = error }
        }
        var pause = backoff.next(spread: spread)
        if let seconds = error.retryAfterSeconds {
            let asked = min(max(seconds, 0), Self.longestRetryAfter) * 1000
            pause = max(pause, asked + Int64(Double(asked / 4) * min(max(spread, 0), 1)))
        }
        restsUntil = now + pause
    }
}

extension HTTPError {
    /// The server said something, but nothing that answers the request.
    fileprivate var isNoAnswer: Bool {
        switch self {
        case .unexpectedBody, .badHead: true
        default: false
        }
    }
}
