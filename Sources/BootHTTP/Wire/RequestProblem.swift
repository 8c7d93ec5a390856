/// Why a request is refused before anybody looks at what it asks for. The connection ends with the answer, for what
/// follows on it cannot be told apart any more.
enum RequestProblem: Error, Hashable, Sendable {
    case malformed(String)
    case targetTooLong(limit: Int)
    case headTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    /// A body in a transfer coding, whose length does not stand ahead.
    case noLength
    case method
    case version
    case expectation
    /// The rest did not come in time.
    case tooSlow(seconds: Int64)

    /// RFC 9110, 15.5 and 15.6; 431 is of RFC 6585.
    var status: Int {
        switch self {
        case .malformed: 400
        case .method: 405
        case .tooSlow: 408
        case .noLength: 411
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .expectation: 417
        case .headTooLarge: 431
        case .version: 505
        }
    }

    /// What the client is told.
    var text: String {
        switch self {
        case .malformed(let what): "this is no HTTP request: \(what)"
        case .targetTooLong(let limit): "the request target has at most \(limit) bytes here"
        case .headTooLarge(let limit): "the head of a request has at most \(limit) bytes here"
        case .bodyTooLarge(let limit): "at most \(limit) bytes"
        case .noLength: "send the body with a Content-Length"
        case .method: "GET, HEAD and POST are served"
        case .version: "HTTP/1.1 and HTTP/1.0 are spoken here"
        case .expectation: "of expectations only 100-continue is met"
        case .tooSlow(let seconds): "the request was not complete after \(seconds) s"
        }
    }
}
