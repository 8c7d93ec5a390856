/// What a relay agent says of a client in option 82 (RFC 3046): its sub-options, as far as a server looks at them.
public struct RelayAgentInformation: Hashable, Sendable {
    /// Sub-option 1 (RFC 3046, 3.1): the port of the switch that the client is behind, in the relay's own form.
    public private(set) var circuitID: ArraySlice<UInt8>?
    /// Sub-option 2 (RFC 3046, 3.2): the host at the other end of that circuit, or the switch.
    public private(set) var remoteID: ArraySlice<UInt8>?
    /// Sub-option 5 (RFC 3527): an address in the subnet that the client is to get its own from.
    public private(set) var linkSelection: IPv4Address?
    /// Sub-option 10 (RFC 5010), bit 0: the client sent to the relay by unicast. Nil if the relay does not say.
    public private(set) var wasUnicast: Bool?
    /// Sub-option 11 (RFC 5107): what the client is to take for its server, so that renewals pass the relay.
    public private(set) var serverIdentifierOverride: IPv4Address?
    /// Sub-option 19 (RFC 8357): answers go to the port that the relay sent from, and not to 67.
    public private(set) var usesSourcePort = false

    /// Reads what is whole; a piece that claims more than is left ends the reading. There is neither PAD nor END
    /// (RFC 3046, 2.0). Of a sub-option that comes twice the first counts.
    init(decoding bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        while let code = reader.uint8(), let length = reader.uint8(), let value = reader.slice(Int(length)) {
            switch code {
            case 1: circuitID = circuitID ?? value
            case 2: remoteID = remoteID ?? value
            case 5: linkSelection = linkSelection ?? IPv4Address(octets: value)
            case 10: wasUnicast = wasUnicast ?? value.first.map { $0 & 0x80 != 0 }
            case 11: serverIdentifierOverride = serverIdentifierOverride ?? IPv4Address(octets: value)
            case 19: usesSourcePort = true
            default: break
            }
        }
    }
}

extension DHCPOptions {
    /// Option 82 as it came (RFC 3046): a server echoes it without a change and as the last option.
    public var relayAgentInformation: ArraySlice<UInt8>? {
        get { self[.relayAgentInformation] }
        set { self[.relayAgentInformation] = newValue }
    }

    /// Option 82 read; nil if absent.
    public var relayAgent: RelayAgentInformation? {
        self[.relayAgentInformation].map { RelayAgentInformation(decoding: $0) }
    }

    /// Option 118 (RFC 3011): an address in the subnet that the client would like its address from.
    public var subnetSelection: IPv4Address? {
        self[.subnetSelection].flatMap { IPv4Address(octets: $0) }
    }
}
