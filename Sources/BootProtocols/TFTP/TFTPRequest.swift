/// A read or write request (RFC 1350, 5) with its options (RFC 2347).
public struct TFTPRequest: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable {
        /// Bytes as they are.
        case octet
        /// Text with CR LF line ends (RFC 764).
        case netascii
        /// Obsolete (RFC 1350, 1).
        case mail
    }

    /// Bytes of the longest file name, in UTF-8.
    public static let largestFileName = 512

    /// As it came, bytes that are not UTF-8 replaced by U+FFFD. May hold anything: check before use.
    public var fileName: String
    public var mode: Mode
    /// At most one of each kind: the first that the client sent.
    public var options: [TFTPOption]

    public init(fileName: String, mode: Mode = .octet, options: [TFTPOption] = []) {
        self.fileName = fileName
        self.mode = mode
        self.options = options
    }

    /// The option of that kind, nil if it was not asked for.
    public subscript(_ kind: TFTPOption.Kind) -> TFTPOption? {
        options.first { $0.kind == kind }
    }
}
