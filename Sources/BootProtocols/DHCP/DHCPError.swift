/// Why bytes are not a DHCP message, or a message cannot be written.
public enum DHCPError: Error, Hashable, Sendable {
    /// Fewer bytes than the fixed fields and the magic cookie take (RFC 2131, 2).
    case tooShort(byteCount: Int)
    /// More bytes than any client sends; `DHCPMessage.maximumSize` is the limit.
    case tooLong(byteCount: Int)
    /// Neither BOOTREQUEST nor BOOTREPLY in `op`.
    case unknownOperation(UInt8)
    /// The hardware address is not a 6-byte Ethernet address.
    case notEthernet(hardwareType: UInt8, addressLength: UInt8)
    /// The four bytes before the options are not 99.130.83.99 (RFC 2131, 3): BOOTP without DHCP.
    case noMagicCookie
    /// An option claims more bytes than its field has left.
    case optionOverrun(code: DHCPOptionCode, declared: Int, available: Int)
    /// A value too long for one option, where splitting it would break clients.
    case optionTooLong(code: DHCPOptionCode, byteCount: Int)
    /// A name too long for `sname` (63 bytes) or `file` (127), which end in a NUL.
    case nameTooLong(field: String, byteCount: Int)
    /// The message is larger than the client takes.
    case exceedsLimit(byteCount: Int, limit: Int)
}

extension DHCPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooShort(let count):
            "\(count) bytes are too few for a DHCP message, which has at least \(DHCPMessage.fixedSize)"
        case .tooLong(let count):
            "\(count) bytes are too many for a DHCP message; the limit is \(DHCPMessage.maximumSize)"
        case .unknownOperation(let code): "op \(code) is neither a request (1) nor a reply (2)"
        case .notEthernet(let type, let length): "hardware type \(type) with \(length)-byte addresses is not Ethernet"
        case .noMagicCookie: "no DHCP magic cookie: a BOOTP message without options"
        case .optionOverrun(let code, let declared, let available):
            "option \(code) claims \(declared) bytes where \(available) are left"
        case .optionTooLong(let code, let count): "option \(code) would take \(count) bytes; an option holds 255"
        case .nameTooLong(let field, let count): "a name of \(count) bytes does not fit the field \(field)"
        case .exceedsLimit(let count, let limit): "the message takes \(count) bytes and the client takes \(limit)"
        }
    }
}
