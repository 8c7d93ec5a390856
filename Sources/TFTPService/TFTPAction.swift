public import BootProtocols

/// One transfer of a `TFTPMachine`.
public struct TFTPSessionID: Hashable, Sendable {
    public var client: IPv4Endpoint
    /// The server's socket that the transfer runs on, a transfer ID of RFC 1350: 0 is the well-known port.
    public var socket: Int
    /// Tells apart transfers that follow each other between the same two ports.
    public var serial: UInt64
}

/// Where a packet goes, and the address it comes from. The interface is for the kernel's routes to choose.
public struct TFTPRoute: Hashable, Sendable {
    public var socket: Int
    public var client: IPv4Endpoint
    public var localAddress: IPv4Address
}

/// Blocks to send, in order: each a DATA header and its part of the file.
public struct TFTPDataRun: Hashable, Sendable {
    public var session: TFTPSessionID
    public var route: TFTPRoute
    /// Number of the first block as it stands in the packet; the next ones count on, 65535 is followed by 0.
    public var firstBlock: UInt16
    /// Where in the file the first block begins, in bytes.
    public var offset: Int
    /// Bytes of the file in all blocks together.
    public var byteCount: Int
    public var blockSize: Int
    /// Blocks, at least 1. The last has less than `blockSize` bytes, maybe none, if it is the last of the file.
    public var blockCount: Int
}

/// What the loop is to do for a `TFTPMachine`, in order.
public enum TFTPAction: Hashable, Sendable {
    /// Look the file up and tell `answer(_:_:pathMTU:at:)` what was found.
    case lookUp(TFTPSessionID, TFTPRequest, client: TFTPClient)
    /// Make room for a file that the client sends, and tell `answer(_:_:pathMTU:at:)`.
    case create(TFTPSessionID, TFTPRequest, client: TFTPClient)
    case send(TFTPPacket, TFTPRoute)
    case sendData(TFTPDataRun)
    /// Keep these bytes of the datagram that was received, behind those before. If they are the last of the file, it is
    /// whole: tell `stored(_:at:)` when it is on stable storage, now or later. Where that fails, what follows of the actions is void: `fail`.
    case store(TFTPSessionID, payload: Range<Int>, isLast: Bool)
    /// The transfer is over: its file can be closed.
    case finish(TFTPSessionID, TFTPTransfer)
    /// A request that never became a transfer.
    case refuse(TFTPTransfer)
}
