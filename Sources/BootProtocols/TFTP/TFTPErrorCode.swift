/// The error code of a TFTP ERROR packet (RFC 1350, 5; code 8 of RFC 2347). Others may come from the wire.
public struct TFTPErrorCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// 0: see the message.
    public static let notDefined = TFTPErrorCode(rawValue: 0)
    public static let fileNotFound = TFTPErrorCode(rawValue: 1)
    public static let accessViolation = TFTPErrorCode(rawValue: 2)
    public static let diskFull = TFTPErrorCode(rawValue: 3)
    public static let illegalOperation = TFTPErrorCode(rawValue: 4)
    /// 5: the packet belongs to no transfer between these two ports.
    public static let unknownTransferID = TFTPErrorCode(rawValue: 5)
    public static let fileExists = TFTPErrorCode(rawValue: 6)
    public static let noSuchUser = TFTPErrorCode(rawValue: 7)
    /// 8: the peer does not like the options; also how firmware ends a transfer that only asked for the size.
    public static let optionNegotiation = TFTPErrorCode(rawValue: 8)
}
