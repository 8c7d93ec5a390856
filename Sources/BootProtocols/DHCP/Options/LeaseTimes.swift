/// How long an address is held, in seconds from the ACK; all ones is forever (RFC 2131, 3.3).
extension DHCPOptions {
    /// Option 51 (RFC 2132, 9.2)
    public var leaseTime: UInt32? {
        get { uint32(.leaseTime) }
        set { set(.leaseTime, newValue) }
    }

    /// Option 58, T1: when the client asks its own server again (RFC 2132, 9.11).
    public var renewalTime: UInt32? {
        get { uint32(.renewalTime) }
        set { set(.renewalTime, newValue) }
    }

    /// Option 59, T2: when the client asks every server (RFC 2132, 9.12).
    public var rebindingTime: UInt32? {
        get { uint32(.rebindingTime) }
        set { set(.rebindingTime, newValue) }
    }
}
