internal import BootProtocols

/// What server and client agreed upon: of what the client asked for, nothing more and nothing larger (RFC 2347).
struct TFTPAgreement: Hashable, Sendable {
    var blockSize = TFTPPacket.defaultBlockSize
    var windowSize = 1
    /// Milliseconds before each retransmission; nil: the server's own times.
    var wait: Int64?
    /// The OACK's options in the order of the request; none: no OACK.
    var options: [TFTPOption] = []

    /// Bytes in flight to one client at most: more would overrun its buffers, and ours.
    private static let mostInFlight = 256 << 10

    init() {}

    init(_ request: TFTPRequest, size: Int, _ settings: TFTPSettings, interfaceIndex: UInt32) {
        if let asked = request[.blockSize] {
            blockSize = min(asked.value, settings.maximumBlockSize(interface: interfaceIndex))
        }
        if let asked = request[.windowSize] {
            let most = min(max(settings.maximumWindowSize, 1), 64, max(1, Self.mostInFlight / blockSize))
            windowSize = min(asked.value, most)
        }
        wait = request[.timeout].map { Int64($0.value) * 1000 }
        options = request.options.map { option in
            var option = option
            switch option.kind {
            case .blockSize: option.value = blockSize
            case .windowSize: option.value = windowSize
            case .transferSize: option.value = size
            case .timeout: break
            }
            return option
        }
    }

    /// Milliseconds to wait for an answer after `tries` retransmissions.
    func wait(after tries: Int, _ settings: TFTPSettings) -> Int64 {
        if let wait { return wait }
        let doublings = Int64(min(max(tries, 0), 16))
        return min(settings.longestWait, settings.firstWait << doublings)
    }
}
