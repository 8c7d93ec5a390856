/// One frame of a capture.
public struct CapturedFrame: Hashable, Sendable {
    /// Nanoseconds since 1970.
    public var timestamp: Int64
    /// What was kept of the frame, from its Ethernet header on.
    public var bytes: [UInt8]
    /// Bytes that the frame had on the wire, more than `bytes` where the capture cut it.
    public var originalLength: Int

    public init(timestamp: Int64, bytes: [UInt8], originalLength: Int) {
        self.timestamp = timestamp
        self.bytes = bytes
        self.originalLength = originalLength
    }
}
