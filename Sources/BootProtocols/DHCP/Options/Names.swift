/// Names of the client and its domain.
extension DHCPOptions {
    /// Option 12: the client's host name, without its domain (RFC 2132, 3.14).
    public var hostName: String? {
        get { text(.hostName) }
        set { set(.hostName, text: newValue) }
    }

    /// Option 15 (RFC 2132, 3.17)
    public var domainName: String? {
        get { text(.domainName) }
        set { set(.domainName, text: newValue) }
    }
}
