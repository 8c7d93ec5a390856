internal import BootProtocols

/// What server and client agreed upon: of what the client asked for, nothing more and nothing larger (RFC 2347).
struct TFTPAgreement: Hashable, Sendable {
    var blockSize = TFTPPacket.defaultBlockSize
    var windowSize = 1
    /// Microseconds before each retransmission; nil: by measured round trip.
    var wait: Int64?
    /// The OACK's options in the order of the request; none: no OACK.
    var options: [TFTPOption] = []

    /// Bytes in flight to one client at most: more would overrun its buffers, and ours.
    private static let mostInFlight = 256 << 10

    init() {}

    /// - Parameter size: bytes of the file as the OACK names them; nil: as the client named them.
    init(
        _ request: TFTPRequest, size: Int?, _ settings: TFTPSettings, interfaceIndex: UInt32, pathMTU: Int?
    ) {
        if let asked = request[.blockSize] {
            let most = settings.maximumBlockSize(interface: interfaceIndex, pathMTU: pathMTU)
            blockSize = min(asked.value, most)
        }
        if let asked = request[.windowSize] {
            let most = min(max(settings.maximumWindowSize, 1), 64, max(1, Self.mostInFlight / blockSize))
            windowSize = min(asked.value, most)
        }
        wait = request[.timeout].map { Int64($0.value) * 1_000_000 }
        options = request.options.map { option in
            var option = option
            switch option.kind {
            case .blockSize: option.value = blockSize
            case .windowSize: option.value = windowSize
            case .transferSize: option.value = size ?? option.value
            case .timeout: break
            }
            return option
        }
    }
}
