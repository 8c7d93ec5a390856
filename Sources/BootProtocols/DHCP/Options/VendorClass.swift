extension DHCPOptions {
    /// Option 60: what the client is, `PXEClient:Arch:00007:UNDI:003000` of a boot ROM (RFC 2132, 9.13).
    /// In a reply `PXEClient` or `HTTPClient` marks an offer to boot from (PXE 2.1, 2.2; UEFI 2.10, 24.7.2).
    public var vendorClass: String? {
        get { text(.vendorClass) }
        set { set(.vendorClass, text: newValue) }
    }
}
