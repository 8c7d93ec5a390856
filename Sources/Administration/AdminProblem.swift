/// Why a request of an admin has no answer.
public enum AdminProblem: Error, Hashable, Sendable {
    /// There is no such thing; the text says what, and how to see what there is.
    case notFound(String)
    /// The request itself is wrong.
    case badRequest(String)
    /// It is at odds with what is there, or with what somebody else has done meanwhile.
    case conflict(String)
    /// It was made from values that somebody else has changed since: made again, it may well succeed.
    case changedMeanwhile(String)
    case failed(String)
}

extension AdminProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let text), .badRequest(let text), .conflict(let text), .changedMeanwhile(let text),
            .failed(let text):
            text
        }
    }

    /// HTTP's status code (RFC 9110, 15).
    public var status: Int {
        switch self {
        case .notFound: 404
        case .badRequest: 400
        case .conflict, .changedMeanwhile: 409
        case .failed: 500
        }
    }
}
