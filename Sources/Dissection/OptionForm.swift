/// How an option's value is written.
enum OptionForm: Hashable, Sendable {
    case address, addresses, uint8, uint16, uint32, seconds, flag, text, hex
    case messageType, overload, codes, clientIdentifier, userClass, relayAgent, architectures, networkInterface
    case machine, vendor, ipxe, routes, domains
}

/// The DHCP options by number: RFC 2132's names and those of the registry that grew from it.
struct OptionName: Hashable, Sendable {
    let name: String
    let form: OptionForm

    static func of(_ code: UInt8) -> OptionName { table[code] ?? OptionName(name: "Unknown", form: .hex) }

    private static let table: [UInt8: OptionName] = [
        1: .init(name: "Subnet Mask", form: .address), 2: .init(name: "Time Offset", form: .uint32),
        3: .init(name: "Router", form: .addresses), 4: .init(name: "Time Server", form: .addresses),
        5: .init(name: "Name Server", form: .addresses), 6: .init(name: "Domain Name Server", form: .addresses),
        7: .init(name: "Log Server", form: .addresses), 12: .init(name: "Host Name", form: .text),
        13: .init(name: "Boot File Size", form: .uint16), 15: .init(name: "Domain Name", form: .text),
        17: .init(name: "Root Path", form: .text), 18: .init(name: "Extensions Path", form: .text),
        19: .init(name: "IP Forwarding", form: .flag), 23: .init(name: "Default IP TTL", form: .uint8),
        26: .init(name: "Interface MTU", form: .uint16), 28: .init(name: "Broadcast Address", form: .address),
        33: .init(name: "Static Route", form: .addresses), 40: .init(name: "NIS Domain", form: .text),
        41: .init(name: "NIS Servers", form: .addresses), 42: .init(name: "NTP Servers", form: .addresses),
        43: .init(name: "Vendor Specific Information", form: .vendor),
        44: .init(name: "NetBIOS Name Server", form: .addresses), 46: .init(name: "NetBIOS Node Type", form: .uint8),
        50: .init(name: "Requested IP Address", form: .address),
        51: .init(name: "IP Address Lease Time", form: .seconds),
        52: .init(name: "Option Overload", form: .overload), 53: .init(name: "DHCP Message Type", form: .messageType),
        54: .init(name: "Server Identifier", form: .address), 55: .init(name: "Parameter Request List", form: .codes),
        56: .init(name: "Message", form: .text), 57: .init(name: "Maximum DHCP Message Size", form: .uint16),
        58: .init(name: "Renewal (T1) Time", form: .seconds), 59: .init(name: "Rebinding (T2) Time", form: .seconds),
        60: .init(name: "Vendor Class Identifier", form: .text),
        61: .init(name: "Client Identifier", form: .clientIdentifier),
        66: .init(name: "TFTP Server Name", form: .text), 67: .init(name: "Bootfile Name", form: .text),
        77: .init(name: "User Class", form: .userClass), 80: .init(name: "Rapid Commit", form: .hex),
        81: .init(name: "Client FQDN", form: .hex), 82: .init(name: "Relay Agent Information", form: .relayAgent),
        90: .init(name: "Authentication", form: .hex),
        93: .init(name: "Client System Architecture", form: .architectures),
        94: .init(name: "Client Network Interface", form: .networkInterface),
        97: .init(name: "Client Machine Identifier", form: .machine), 100: .init(name: "POSIX Time Zone", form: .text),
        101: .init(name: "TZ Database Time Zone", form: .text), 108: .init(name: "IPv6-Only Preferred", form: .seconds),
        114: .init(name: "Captive Portal", form: .text), 116: .init(name: "Auto-Configure", form: .flag),
        118: .init(name: "Subnet Selection", form: .address), 119: .init(name: "Domain Search", form: .domains),
        120: .init(name: "SIP Servers", form: .hex), 121: .init(name: "Classless Static Route", form: .routes),
        124: .init(name: "Vendor-Identifying Vendor Class", form: .hex),
        125: .init(name: "Vendor-Identifying Vendor Information", form: .hex),
        128: .init(name: "PXE Vendor 128", form: .hex), 129: .init(name: "PXE Vendor 129", form: .hex),
        130: .init(name: "PXE Vendor 130", form: .hex), 131: .init(name: "PXE Vendor 131", form: .hex),
        132: .init(name: "PXE Vendor 132", form: .hex), 133: .init(name: "PXE Vendor 133", form: .hex),
        134: .init(name: "PXE Vendor 134", form: .hex), 135: .init(name: "PXE Vendor 135", form: .hex),
        138: .init(name: "CAPWAP Access Controller", form: .addresses),
        145: .init(name: "Forcerenew Nonce", form: .hex),
        150: .init(name: "TFTP Server Address", form: .addresses), 175: .init(name: "iPXE", form: .ipxe),
        176: .init(name: "IP Telephone", form: .hex), 208: .init(name: "PXELINUX Magic", form: .hex),
        209: .init(name: "PXELINUX Configuration File", form: .text),
        210: .init(name: "PXELINUX Path Prefix", form: .text),
        211: .init(name: "PXELINUX Reboot Time", form: .seconds),
        249: .init(name: "Classless Static Route (Microsoft)", form: .routes),
        252: .init(name: "Web Proxy Auto-Discovery", form: .text),
    ]
}
