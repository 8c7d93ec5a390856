/// An option that a server may be told to send: its number, its name in configuration files, the form of its value,
/// and where that is defined.
public struct DHCPOptionDefinition: Hashable, Sendable {
    public let code: DHCPOptionCode
    /// Lower case, words joined by hyphens: `ntp-servers`.
    public let name: String
    public let form: DHCPOptionForm
    /// The specification: `RFC 2132, 8.3`.
    public let reference: String

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    private static let byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    public static func named(_ name: String) -> DHCPOptionDefinition? { byName[name] }

    public static func coded(_ code: DHCPOptionCode) -> DHCPOptionDefinition? { byCode[code] }

    /// Why nobody may set this option: the server sends it by itself, or it means nothing in a reply. Nil for all
    /// others.
    public static func reasonNotToSet(_ code: DHCPOptionCode) -> String? {
        switch code.rawValue {
        case 0, 255: "it is no option, but fills and ends the list of them"
        case 1: "the mask is that of the subnet"
        case 50, 55, 57: "clients send it, never servers"
        case 51, 58, 59: "the times of leases are set by leaseSeconds and its fellows"
        case 52: "options are never put into other fields, because shim and others read those raw"
        case 53, 54, 56: "it is part of the protocol itself"
        case 61, 82, 97: "it is given back to the client as it came"
        case 93, 94: "clients send it, never servers"
        case 118: "it is given back to the client as it came"
        case 175: "it is what iPXE is told by this server itself"
        default: nil
        }
    }

    /// All that are known by name, by number.
    public static let all: [DHCPOptionDefinition] = [
        .init(2, "time-offset", .int32, "RFC 2132, 3.4"),
        .init(3, "routers", .addresses, "RFC 2132, 3.5"),
        .init(4, "time-servers", .addresses, "RFC 2132, 3.6"),
        .init(6, "domain-name-servers", .addresses, "RFC 2132, 3.8"),
        .init(7, "log-servers", .addresses, "RFC 2132, 3.9"),
        .init(9, "lpr-servers", .addresses, "RFC 2132, 3.11"),
        .init(12, "host-name", .text, "RFC 2132, 3.14"),
        .init(13, "boot-size", .uint16, "RFC 2132, 3.15"),
        .init(15, "domain-name", .text, "RFC 2132, 3.17"),
        .init(16, "swap-server", .address, "RFC 2132, 3.18"),
        .init(17, "root-path", .text, "RFC 2132, 3.19"),
        .init(18, "extensions-path", .text, "RFC 2132, 3.20"),
        .init(19, "ip-forwarding", .flag, "RFC 2132, 4.1"),
        .init(23, "default-ip-ttl", .uint8, "RFC 2132, 4.5"),
        .init(26, "interface-mtu", .uint16, "RFC 2132, 5.1"),
        .init(27, "all-subnets-local", .flag, "RFC 2132, 5.2"),
        .init(28, "broadcast-address", .address, "RFC 2132, 5.3"),
        .init(31, "router-discovery", .flag, "RFC 2132, 5.6"),
        .init(33, "static-routes", .addressPairs, "RFC 2132, 5.8"),
        .init(37, "default-tcp-ttl", .uint8, "RFC 2132, 7.1"),
        .init(38, "tcp-keepalive-interval", .uint32, "RFC 2132, 7.2"),
        .init(40, "nis-domain", .text, "RFC 2132, 8.1"),
        .init(41, "nis-servers", .addresses, "RFC 2132, 8.2"),
        .init(42, "ntp-servers", .addresses, "RFC 2132, 8.3"),
        .init(43, "vendor-encapsulated-options", .bytes, "RFC 2132, 8.4"),
        .init(44, "netbios-name-servers", .addresses, "RFC 2132, 8.5"),
        .init(46, "netbios-node-type", .uint8, "RFC 2132, 8.7"),
        .init(48, "font-servers", .addresses, "RFC 2132, 8.9"),
        .init(49, "x-display-managers", .addresses, "RFC 2132, 8.10"),
        .init(60, "vendor-class-identifier", .text, "RFC 2132, 9.13"),
        .init(64, "nisplus-domain", .text, "RFC 2132, 8.11"),
        .init(65, "nisplus-servers", .addresses, "RFC 2132, 8.12"),
        .init(66, "tftp-server-name", .text, "RFC 2132, 9.4"),
        .init(67, "boot-file-name", .text, "RFC 2132, 9.5"),
        .init(69, "smtp-servers", .addresses, "RFC 2132, 8.14"),
        .init(72, "www-servers", .addresses, "RFC 2132, 8.17"),
        .init(100, "posix-timezone", .text, "RFC 4833, 2"),
        .init(101, "tz-database-timezone", .text, "RFC 4833, 2"),
        .init(108, "ipv6-only-preferred", .uint32, "RFC 8925, 3.1"),
        .init(114, "captive-portal", .text, "RFC 8910, 2.1"),
        .init(116, "auto-configure", .flag, "RFC 2563, 2"),
        .init(119, "domain-search", .domainNames, "RFC 3397, 2"),
        .init(121, "classless-static-route", .routes, "RFC 3442"),
        .init(128, "tftp-server-address", .address, "RFC 4578, 4 (vendors' use)"),
        .init(138, "capwap-controllers", .addresses, "RFC 5417, 4"),
        .init(150, "tftp-servers", .addresses, "RFC 5859, 3"),
        .init(209, "pxelinux-config-file", .text, "RFC 5071, 4"),
        .init(210, "pxelinux-path-prefix", .text, "RFC 5071, 5"),
        .init(211, "pxelinux-reboot-time", .uint32, "RFC 5071, 6"),
        .init(249, "ms-classless-static-route", .routes, "MS-DHCPE, 2.2.8"),
        .init(252, "wpad", .text, "draft-ietf-wrec-wpad-01, 4.4.1"),
    ]

    private init(_ code: UInt8, _ name: String, _ form: DHCPOptionForm, _ reference: String) {
        self.code = DHCPOptionCode(rawValue: code)
        self.name = name
        self.form = form
        self.reference = reference
    }
}
