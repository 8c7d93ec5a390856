/// A TFTP packet (RFC 1350, 5; OACK of RFC 2347).
public enum TFTPPacket: Hashable, Sendable {
    case readRequest(TFTPRequest)
    case writeRequest(TFTPRequest)
    /// `payload` is where the data stands in the packet: behind the header, to the end.
    case data(block: UInt16, payload: Range<Int>)
    case acknowledgment(block: UInt16)
    case error(TFTPErrorCode, message: String)
    case optionAcknowledgment([TFTPOption])

    /// Opcode and block number of a DATA packet, in bytes.
    public static let dataHeaderSize = 4
    /// IPv4, UDP and TFTP headers before the data of a block: a block of at most MTU − 32 is never fragmented.
    public static let headersSize = 32
    /// The block size where none was negotiated (RFC 1350, 2).
    public static let defaultBlockSize = 512

    enum Opcode: UInt16 {
        case readRequest = 1
        case writeRequest, data, acknowledgment, error, optionAcknowledgment
    }
}

/// Why a datagram is no TFTP packet.
public enum TFTPDecodingError: Error, Hashable, Sendable {
    /// It ends before its fixed fields do.
    case tooShort(byteCount: Int)
    case unknownOpcode(UInt16)
    /// File name or mode of a request lack the NUL at their end.
    case unterminatedText
    case emptyFileName
    /// A request packet has 512 bytes at most (RFC 2347), so no name is longer.
    case fileNameTooLong(byteCount: Int)
    case unknownMode(String)
}

extension TFTPDecodingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooShort(let byteCount): "a packet of \(byteCount) bytes is too short"
        case .unknownOpcode(let opcode): "unknown opcode \(opcode)"
        case .unterminatedText: "file name or mode without a NUL at its end"
        case .emptyFileName: "empty file name"
        case .fileNameTooLong(let byteCount): "a file name of \(byteCount) bytes is too long"
        case .unknownMode(let mode): "unknown mode \(mode.debugDescription)"
        }
    }
}
