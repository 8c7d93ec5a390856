package import CapsuleFormat

/// How far a transfer is, in bytes.
package struct TransferProgress: Hashable, Sendable {
    package var presentBytes: Int64
    package var totalBytes: Int64
    /// Of the present ones: from this node's cache disk. The others came over the network.
    package var cachedBytes: Int64

    package init(presentBytes: Int64, totalBytes: Int64, cachedBytes: Int64 = 0) {
        self.presentBytes = presentBytes
        self.totalBytes = totalBytes
        self.cachedBytes = cachedBytes
    }

    /// 0...100
    package var percent: Int {
        totalBytes <= 0 ? 100 : Int(presentBytes.multipliedReportingOverflow(by: 100).partialValue / totalBytes)
    }
}

/// Something in a transfer that people are to know about.
package enum TransferEvent: Hashable, Sendable {
    case rejected(chunk: ContentDigest, stream: StreamRole, server: ServerURL, times: Int)
    case resumed(server: ServerURL, after: HTTPError, progress: TransferProgress)
    /// No server can be asked at the moment; the first one can again after `pause` milliseconds.
    case waiting(pause: Int64, after: HTTPError)
}

/// Why a transfer was given up.
package enum TransferFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case corrupt(chunk: ContentDigest, stream: StreamRole, server: ServerURL, times: Int)
    /// No server gives these bytes to this token.
    case refused(HTTPError)
    case stalled(HTTPError)
    case cannotWrite(String)
    case noServer

    package var description: String {
        switch self {
        case .corrupt(let chunk, let stream, let server, let times):
            "chunk \(chunk.hex.prefix(16)) of \(stream.rawValue) failed verification \(times) times, last from"
                + " \(server): its copy on the server is damaged"
        case .refused(let error): "no server gives the capsule's bytes: \(error)"
        case .stalled(let error): "nothing came for \(TransferLedger.stallLimit / 60_000) minutes: \(error)"
        case .cannotWrite(let reason): "cannot keep what was fetched: \(reason)"
        case .noServer: "the plan names no server to fetch from"
        }
    }
}
