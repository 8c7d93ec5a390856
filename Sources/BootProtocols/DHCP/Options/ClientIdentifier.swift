extension DHCPOptions {
    /// Option 61, raw (RFC 2132, 9.14). A server echoes it (RFC 6842, 3) and Perseid does no more with
    /// it: ROM, iPXE, stage 1 and the runtime OS of one machine each send another one.
    public var clientIdentifier: ArraySlice<UInt8>? {
        get { self[.clientIdentifier] }
        set { self[.clientIdentifier] = newValue }
    }
}
