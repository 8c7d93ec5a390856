public import BootProtocols

/// What simulated nodes ask of an HTTP server, and how.
public struct HTTPLoad: Hashable, Sendable {
    /// One request: a path, and of it one range of bytes, as the agent's fetch plan has them.
    public struct Piece: Hashable, Sendable {
        public var path: String
        /// First byte.
        public var offset: Int64
        /// In bytes.
        public var length: Int64

        public init(path: String, offset: Int64, length: Int64) {
            self.path = path
            self.offset = offset
            self.length = length
        }
    }

    /// When a client has had enough.
    public enum End: Hashable, Sendable {
        /// All ask on and on for so many seconds.
        case seconds(Double)
        /// Each asks for all pieces once.
        case once
    }

    public var server: IPv4Endpoint
    /// The value of `Authorization`, if any.
    public var authorization: String?
    public var pieces: [Piece]
    /// Clients, each with one connection.
    public var connections = 1
    public var end = End.seconds(5)
    /// One connection for all requests of a client, or one for each.
    public var keepsAlive = true
    /// A client keeps its connection after one piece, and asks for no more.
    public var holds = false
    /// All clients begin with the first piece, or each with another one.
    public var isSynchronous = false
    /// Of the clients, so many read no more than `slowBytesPerSecond`.
    public var slowReaders = 0
    public var slowBytesPerSecond = 20_000
    /// Seconds without a byte after which an answer is given up, as the agent gives up.
    public var patience = 10.0
    /// Copies what arrives out of the kernel, in place of having it thrown away there.
    public var copies = false
    /// Seconds after which the run ends in any case.
    public var limit = 120.0

    public init(server: IPv4Endpoint, pieces: [Piece]) {
        self.server = server
        self.pieces = pieces
    }

    /// The pieces of files of one size, each cut into ranges of `length` bytes, the last one shorter.
    public static func pieces(of paths: [String], size: Int64, length: Int64) -> [Piece] {
        guard size > 0, length > 0 else { return [] }
        return paths.flatMap { path in
            stride(from: 0, to: size, by: Int64.Stride(length)).map {
                Piece(path: path, offset: $0, length: min(length, size - $0))
            }
        }
    }

    /// The request for a piece, ready to send.
    func request(for piece: Piece) -> [UInt8] {
        var head = "GET \(piece.path) HTTP/1.1\r\nHost: \(server)\r\nUser-Agent: perseid-storm\r\n"
        if let authorization { head += "Authorization: \(authorization)\r\n" }
        head += "Range: bytes=\(piece.offset)-\(piece.offset + piece.length - 1)\r\n"
        if !keepsAlive { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8)
    }
}
