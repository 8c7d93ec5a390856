public import BootProtocols

/// Who asks for a file, for content that differs by client.
public struct TFTPClient: Hashable, Sendable {
    public var endpoint: IPv4Endpoint
    /// The address of ours that was asked.
    public var localAddress: IPv4Address
    public var interfaceIndex: UInt32

    public init(endpoint: IPv4Endpoint, localAddress: IPv4Address, interfaceIndex: UInt32) {
        self.endpoint = endpoint
        self.localAddress = localAddress
        self.interfaceIndex = interfaceIndex
    }
}

/// How a request for a file went, told when it is over.
public struct TFTPTransfer: Hashable, Sendable {
    /// Which way the file goes: to the client, or from it.
    public enum Direction: String, Hashable, Sendable {
        case read, write
    }

    public enum Outcome: Hashable, Sendable {
        /// The client acknowledged the last block.
        case complete
        /// The client asked for the size only and gave up when it had it, as firmware does. No failure.
        case probed
        /// The client ended it with an ERROR.
        case aborted(TFTPErrorCode, message: String)
        /// The client fell silent, or had not acknowledged anything when its place was needed.
        case timedOut
        /// The client asked anew before this transfer was over (single-port mode).
        case superseded
        /// The server did not do it, and told the client so unless it is too busy.
        case refused(String)
        /// The content could not be read on.
        case failed(String)
    }

    public var client: TFTPClient
    public var direction: Direction
    /// As the client sent it, bytes that are not printable ASCII replaced by `?`.
    public var name: String
    /// Bytes of the file; of one that the client sends, those that came.
    public var size: Int
    /// Bytes that the client acknowledged, or that came from it.
    public var bytes: Int
    /// From the request to the end.
    public var milliseconds: Int64
    /// Packets or windows that were sent again.
    public var retransmissions: Int
    public var blockSize: Int
    public var windowSize: Int
    public var outcome: Outcome
    /// The last error of the kernel when sending, if there was one.
    public var sendFailure: String?
}

/// A name that is safe in a log line.
func printableName(_ name: String) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.prefix(256).map { (" "..."~").contains($0) ? $0 : "?" }))
}
