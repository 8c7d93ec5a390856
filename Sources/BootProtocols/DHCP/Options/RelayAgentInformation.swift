extension DHCPOptions {
    /// Option 82, opaque (RFC 3046): what a relay agent adds, a server echoes without a change and as the
    /// last option.
    public var relayAgentInformation: ArraySlice<UInt8>? {
        get { self[.relayAgentInformation] }
        set { self[.relayAgentInformation] = newValue }
    }
}
