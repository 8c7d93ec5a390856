/// Why bytes are not the frame, packet or datagram that was looked for.
public enum FrameError: Error, Hashable, Sendable {
    /// Fewer bytes than the layer's header or its own length field says.
    case truncated(layer: String, needed: Int, available: Int)
    /// A header field has a value that the layer does not allow.
    case malformed(layer: String, reason: String)
    /// The header's checksum does not match (RFC 791, 3.1; RFC 768).
    case badChecksum(layer: String)
    /// A piece of a fragmented packet; nothing here puts fragments together.
    case fragment
    /// A payload that is too long for the length fields.
    case payloadTooLong(byteCount: Int)
}

extension FrameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let layer, let needed, let available): "\(layer) needs \(needed) bytes and has \(available)"
        case .malformed(let layer, let reason): "\(layer): \(reason)"
        case .badChecksum(let layer): "\(layer): the checksum does not match"
        case .fragment: "a fragment of an IPv4 packet"
        case .payloadTooLong(let count): "\(count) bytes do not fit a UDP datagram"
        }
    }
}
