internal import BootProtocols

/// What a TFTP server has done since its start: numbers that only grow, but for `sessions`.
public struct TFTPCounters: Hashable, Sendable {
    /// Read and write requests that came, repeated ones not counted.
    public internal(set) var readRequests = 0
    public internal(set) var writeRequests = 0
    /// Transfers by how they ended.
    public internal(set) var completed = 0
    public internal(set) var probed = 0
    public internal(set) var aborted = 0
    public internal(set) var timedOut = 0
    public internal(set) var refused = 0
    public internal(set) var failed = 0
    /// Bytes of files that clients acknowledged, and that they sent.
    public internal(set) var bytesSent = 0
    public internal(set) var bytesReceived = 0
    /// ERROR packets sent, by code 0...8.
    public internal(set) var errors = [Int](repeating: 0, count: 9)
    /// Packets or windows that were sent again.
    public internal(set) var retransmissions = 0
    /// Transfers under way now.
    public internal(set) var sessions = 0

    public init() {}

    mutating func count(error code: TFTPErrorCode) {
        let index = Int(code.rawValue)
        if errors.indices.contains(index) { errors[index] += 1 }
    }

    mutating func count(_ transfer: TFTPTransfer) {
        switch transfer.outcome {
        case .complete: completed += 1
        case .probed: probed += 1
        case .aborted, .superseded: aborted += 1
        case .timedOut: timedOut += 1
        case .refused: refused += 1
        case .failed: failed += 1
        }
        switch transfer.direction {
        case .read: bytesSent += transfer.bytes
        case .write: bytesReceived += transfer.bytes
        }
        retransmissions += transfer.retransmissions
    }
}
