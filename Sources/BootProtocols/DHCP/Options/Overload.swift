/// Which of the fixed fields hold options (RFC 2132, 9.3).
struct DHCPOverload: OptionSet {
    let rawValue: UInt8

    static let file = Self(rawValue: 1)
    static let serverName = Self(rawValue: 2)
}

extension DHCPOptions {
    /// Option 52. It is read while a message is decoded and never sent.
    var overload: DHCPOverload {
        get { DHCPOverload(rawValue: uint8(.overload) ?? 0) }
        set { set(.overload, newValue.isEmpty ? nil : newValue.rawValue) }
    }
}
