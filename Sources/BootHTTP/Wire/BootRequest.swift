public import BootProtocols

/// A request as the endpoints see it: no connection, no framework.
public struct BootRequest: Sendable {
    public enum Method: Sendable {
        case get, head, post
    }

    public var method: Method
    /// The request target as sent, query included.
    public var target: String
    /// The client's address; nil where the connection is not IPv4.
    public var client: IPv4Address?
    /// Value of `Authorization`, if any.
    public var authorization: String?
    /// Value of `Range`, if any.
    public var range: String?
    /// Values of `If-Range` and `If-None-Match`, if any.
    public var ifRange: String?
    public var ifNoneMatch: String?
    /// It came by TLS.
    public var isSecure: Bool
    public var body: [UInt8]

    public init(
        method: Method, target: String, client: IPv4Address?, authorization: String? = nil, range: String? = nil,
        ifRange: String? = nil, ifNoneMatch: String? = nil, isSecure: Bool = false, body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.client = client
        self.authorization = authorization
        self.range = range
        self.ifRange = ifRange
        self.ifNoneMatch = ifNoneMatch
        self.isSecure = isSecure
        self.body = body
    }
}
