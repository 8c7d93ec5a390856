/// An option that is known: its number, its names, the form of its value, and where that is defined.
public struct DHCPOptionDefinition: Hashable, Sendable {
    public let code: DHCPOptionCode
    /// As the specifications have it, for people: `NTP Servers`.
    public let title: String
    /// In configuration files, where it may be set there: lower case, words joined by hyphens, `ntp-servers`.
    public let name: String?
    public let form: DHCPOptionForm
    /// The specification: `RFC 2132, 8.3`.
    public let reference: String

    private static let byName = Dictionary(
        all.compactMap { row in row.name.map { ($0, row) } }, uniquingKeysWith: { first, _ in first })
    private static let byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// Nil where no option has this name in configuration files.
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

    init(_ code: UInt8, _ title: String, _ form: DHCPOptionForm, _ reference: String, name: String? = nil) {
        self.code = DHCPOptionCode(rawValue: code)
        self.title = title
        self.name = name
        self.form = form
        self.reference = reference
    }
}
