/// What a client asks for and how much it takes.
extension DHCPOptions {
    /// Option 55: the codes of options that the client wants, by preference (RFC 2132, 9.8); nil if absent.
    public var parameterRequestList: [DHCPOptionCode]? {
        get { self[.parameterRequestList].map { $0.map(DHCPOptionCode.init(rawValue:)) } }
        set { self[.parameterRequestList] = newValue.map { $0.map(\.rawValue)[...] } }
    }

    /// The same as a set; nil if absent.
    public var requestedCodes: DHCPOptionCodeSet? {
        self[.parameterRequestList].map { list in
            var codes = DHCPOptionCodeSet()
            for code in list { codes.insert(DHCPOptionCode(rawValue: code)) }
            return codes
        }
    }

    /// Whether the client asked for `code`. A client without option 55 leaves the choice to the server.
    public func requests(_ code: DHCPOptionCode) -> Bool {
        self[.parameterRequestList]?.contains(code.rawValue) ?? true
    }

    /// Option 57: the largest IP datagram that the client takes, in bytes (RFC 2132, 9.10).
    public var maximumMessageSize: UInt16? {
        get { uint16(.maximumMessageSize) }
        set { set(.maximumMessageSize, newValue) }
    }

    /// Bytes of UDP payload to send at most: what option 57 says, but at least the 576-byte datagram
    /// that every host takes (RFC 2131, 2) and at most a 1,472-byte one: more is dropped by EDK2, whose
    /// own REQUEST says 65,280 (its 255 swapped).
    public var payloadLimit: Int {
        let datagram = Swift.min(Swift.max(Int(maximumMessageSize ?? 576), 576), 1472)
        return datagram - IPv4Header.minimumSize - UDPHeader.size
    }
}
