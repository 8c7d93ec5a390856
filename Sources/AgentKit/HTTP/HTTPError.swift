package import PacketIO

/// Why a request got no whole answer. Each case says which server, what happened, and where it helps how far it came.
package enum HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection: nobody listens there, or no way there.
    case unreachable(ServerURL, SystemError)
    /// The connection broke.
    case broken(ServerURL, SystemError)
    /// Nothing came for `seconds`, or the whole took longer than its limit.
    case timedOut(ServerURL, waitingFor: String, seconds: Int64)
    /// The server closed in the middle: `received` of `expected` bytes of the body are there.
    case truncated(ServerURL, received: Int64, expected: Int64)
    /// The server closed before the whole head had come.
    case closedEarly(ServerURL)
    case badHead(ServerURL, HTTPHeadError)
    /// An answer other than the one asked for; `text` is the beginning of its body.
    case status(ServerURL, Int, text: String, retryAfterSeconds: Int64?)
    /// A 206 with another range than asked for, or a body that is longer than it may be.
    case unexpectedBody(ServerURL, String)

    package var description: String {
        switch self {
        case .unreachable(let server, let error): "cannot connect to \(server): \(error.reason)"
        case .broken(let server, let error): "the connection to \(server) broke: \(error.reason)"
        case .timedOut(let server, let what, let seconds): "\(server) gave no \(what) for \(seconds) s"
        case .truncated(let server, let received, let expected):
            "\(server) closed after \(received) of \(expected) bytes"
        case .closedEarly(let server): "\(server) closed the connection without an answer"
        case .badHead(let server, let error): "\(server): \(error)"
        case .status(let server, let status, let text, _):
            "\(server) answered \(status)" + (text.isEmpty ? "" : ": \(text)")
        case .unexpectedBody(let server, let what): "\(server): \(what)"
        }
    }

    /// The server understood and said no (4xx): asking it again the same way is no use.
    package var isRefusal: Bool {
        if case .status(_, let status, _, _) = self { return (400...499).contains(status) && status != 429 }
        return false
    }

    /// The token is not (or no longer) good.
    package var isUnauthorized: Bool {
        if case .status(_, let status, _, _) = self { return status == 401 || status == 403 }
        return false
    }

    /// How long the server asks to be left alone, in seconds (429 and 503).
    package var retryAfterSeconds: Int64? {
        if case .status(_, _, _, let seconds) = self { return seconds }
        return nil
    }
}
