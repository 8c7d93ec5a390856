/// What a DHCP message is for (RFC 2132, 9.6; RFC 2131, 3.1).
public enum DHCPMessageType: UInt8, Hashable, Sendable {
    case discover = 1
    case offer, request, decline, ack, nak, release, inform
}

extension DHCPMessageType: CustomStringConvertible {
    /// In capitals and with its prefix, as the RFC writes it.
    public var description: String {
        switch self {
        case .discover: "DHCPDISCOVER"
        case .offer: "DHCPOFFER"
        case .request: "DHCPREQUEST"
        case .decline: "DHCPDECLINE"
        case .ack: "DHCPACK"
        case .nak: "DHCPNAK"
        case .release: "DHCPRELEASE"
        case .inform: "DHCPINFORM"
        }
    }
}

extension DHCPOptions {
    /// Option 53 (RFC 2132, 9.6). Nil in a BOOTP message.
    public var messageType: DHCPMessageType? {
        get { uint8(.messageType).flatMap(DHCPMessageType.init(rawValue:)) }
        set { set(.messageType, newValue?.rawValue) }
    }

    /// Option 56: a line for people, of a NAK or a DECLINE (RFC 2132, 9.9).
    public var message: String? {
        get { text(.message) }
        set { set(.message, text: newValue) }
    }
}
