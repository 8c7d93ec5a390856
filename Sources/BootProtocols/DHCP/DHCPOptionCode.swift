/// The number of a DHCP option (RFC 2132 and the registry that grew from it).
///
/// Any number is an option code; the constants name those that Perseid reads or writes.
public struct DHCPOptionCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// RFC 2132, 3.1: one byte without length, to align or fill.
    public static let pad = Self(rawValue: 0)
    /// RFC 2132, 3.2: one byte without length, after the last option.
    public static let end = Self(rawValue: 255)

    /// RFC 2132, 3.3
    public static let subnetMask = Self(rawValue: 1)
    /// RFC 2132, 3.5
    public static let router = Self(rawValue: 3)
    /// RFC 2132, 3.8
    public static let domainNameServer = Self(rawValue: 6)
    /// RFC 2132, 3.14
    public static let hostName = Self(rawValue: 12)
    /// RFC 2132, 3.17
    public static let domainName = Self(rawValue: 15)
    /// RFC 2132, 5.3
    public static let broadcastAddress = Self(rawValue: 28)
    /// RFC 2132, 8.4
    public static let vendorSpecific = Self(rawValue: 43)
    /// RFC 2132, 9.1
    public static let requestedAddress = Self(rawValue: 50)
    /// RFC 2132, 9.2
    public static let leaseTime = Self(rawValue: 51)
    /// RFC 2132, 9.3
    public static let overload = Self(rawValue: 52)
    /// RFC 2132, 9.6
    public static let messageType = Self(rawValue: 53)
    /// RFC 2132, 9.7
    public static let serverIdentifier = Self(rawValue: 54)
    /// RFC 2132, 9.8
    public static let parameterRequestList = Self(rawValue: 55)
    /// RFC 2132, 9.9
    public static let message = Self(rawValue: 56)
    /// RFC 2132, 9.10
    public static let maximumMessageSize = Self(rawValue: 57)
    /// RFC 2132, 9.11
    public static let renewalTime = Self(rawValue: 58)
    /// RFC 2132, 9.12
    public static let rebindingTime = Self(rawValue: 59)
    /// RFC 2132, 9.13
    public static let vendorClass = Self(rawValue: 60)
    /// RFC 2132, 9.14
    public static let clientIdentifier = Self(rawValue: 61)
    /// RFC 2132, 9.4
    public static let tftpServerName = Self(rawValue: 66)
    /// RFC 2132, 9.5
    public static let bootFileName = Self(rawValue: 67)
    /// RFC 3004
    public static let userClass = Self(rawValue: 77)
    /// RFC 3046
    public static let relayAgentInformation = Self(rawValue: 82)
    /// RFC 4578, 2.1
    public static let clientArchitecture = Self(rawValue: 93)
    /// RFC 4578, 2.2
    public static let clientNetworkInterface = Self(rawValue: 94)
    /// RFC 4578, 2.3
    public static let clientMachine = Self(rawValue: 97)
    /// RFC 8925, 3.1
    public static let ipv6OnlyPreferred = Self(rawValue: 108)
    /// RFC 3011
    public static let subnetSelection = Self(rawValue: 118)
    /// RFC 3442
    public static let classlessStaticRoute = Self(rawValue: 121)
    /// iPXE's encapsulated options: Etherboot's number, tentatively assigned (RFC 3942).
    public static let ipxe = Self(rawValue: 175)
}

extension DHCPOptionCode: CustomStringConvertible {
    public var description: String { String(rawValue) }
}
