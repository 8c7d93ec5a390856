import BootProtocols

/// The value of an option in words; bytes that do not have its form stand in hex.
struct OptionText {
    let value: [UInt8]
    /// The option stands beside an option 60 that begins with `PXEClient`: option 43 is PXE's.
    let isPXE: Bool

    /// The option's name.
    static func title(_ code: DHCPOptionCode) -> String { DHCPOptionDefinition.coded(code)?.title ?? "Unknown" }

    func text(_ form: DHCPOptionForm) -> String { words(form) ?? Self.hex(value) }

    private func words(_ form: DHCPOptionForm) -> String? {
        switch form {
        case .address, .addresses, .addressPairs: addresses
        case .uint8: number(1).map(String.init)
        case .uint16: number(2).map(String.init)
        case .uint32: number(4).map(String.init)
        case .int32: number(4).map { String(Int32(truncatingIfNeeded: $0)) }
        case .seconds: number(4).map { $0 == UInt64(UInt32.max) ? "for ever" : "\($0) s" }
        case .flag: number(1).map { $0 == 0 ? "no" : "yes" }
        case .text: String(printable: value.prefix { $0 != 0 })
        case .messageType:
            number(1).flatMap { UInt8(exactly: $0) }.flatMap(DHCPMessageType.init(rawValue:)).map(\.description)
        case .overload: overload
        case .codes: value.map { "\($0) \(Self.title(DHCPOptionCode(rawValue: $0)))" }.joined(separator: ", ")
        case .bytes: nil
        case .clientIdentifier: clientIdentifier
        case .userClass: userClass
        case .relayAgent: relayAgent
        case .architectures: architectures
        case .networkInterface: networkInterface
        case .machine: machine
        case .vendor: isPXE ? Self.encapsulated(value) { PXESubOption.text($0, $1) } : nil
        case .ipxe: Self.encapsulated(value) { IPXESubOption.text($0, $1) }
        case .routes: routes
        case .domainNames: domainNames
        }
    }

    private func number(_ size: Int) -> UInt64? {
        value.count == size ? value.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }

    private var addresses: String? {
        guard !value.isEmpty, value.count.isMultiple(of: 4) else { return nil }
        return stride(from: 0, to: value.count, by: 4).compactMap { start in
            IPv4Address(octets: value[start..<start + 4])?.description
        }.joined(separator: ", ")
    }

    private var overload: String? {
        switch value {
        case [1]: "options in file"
        case [2]: "options in sname"
        case [3]: "options in file and sname"
        default: nil
        }
    }

    /// Type and address (RFC 2132, 9.14), or IAID and DUID (RFC 4361, 6.1).
    private var clientIdentifier: String? {
        switch value.first {
        case 1: MACAddress(octets: value.dropFirst()).map { "MAC \($0)" }
        case 255 where value.count > 5: "IAID \(Self.hex(value[1..<5])), DUID \(Self.hex(value[5...]))"
        case 0 where value.count == 17: "UUID \(Self.hex(value[1...]))"
        default: nil
        }
    }

    private var userClass: String {
        var options = DHCPOptions()
        options[.userClass] = value[...]
        return options.userClasses.map { String(printable: $0.utf8) }.joined(separator: ", ")
    }

    private var relayAgent: String {
        Self.encapsulated(value) { code, value in
            switch code {
            case 1: "circuit-id \(Self.textOrHex(value))"
            case 2: "remote-id \(Self.textOrHex(value))"
            case 5: "link selection " + OptionText(value: value, isPXE: false).text(.address)
            case 11: "server identifier override " + OptionText(value: value, isPXE: false).text(.address)
            default: "\(code) \(Self.hex(value))"
            }
        }
    }

    private var architectures: String? {
        guard !value.isEmpty, value.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: value.count, by: 2).map { at in
            ClientArchitecture(rawValue: UInt16(value[at]) << 8 | UInt16(value[at + 1])).description
        }.joined(separator: ", ")
    }

    /// RFC 4578, 2.2
    private var networkInterface: String? {
        guard value.count == 3, value[0] == 1 else { return nil }
        return "UNDI \(value[1]).\(value[2])"
    }

    private var machine: String? {
        var options = DHCPOptions()
        options[.clientMachine] = value[...]
        return options.clientMachine.map { $0.isUnset ? "not set" : "UUID \($0)" }
    }

    /// RFC 3442: width of the destination, its significant octets, router.
    private var routes: String? {
        var rest = value[...]
        var routes: [String] = []
        while let width = rest.popFirst() {
            let significant = (Int(width) + 7) / 8
            guard width <= 32, rest.count >= significant + 4 else { return nil }
            let octets = Array(rest.prefix(significant)) + [UInt8](repeating: 0, count: 4 - significant)
            rest = rest.dropFirst(significant)
            guard let network = IPv4Address(octets: octets), let router = IPv4Address(octets: rest.prefix(4)) else {
                return nil
            }
            rest = rest.dropFirst(4)
            routes.append("\(network)/\(width) by \(router)")
        }
        return routes.joined(separator: ", ")
    }

    /// RFC 3397, 2: names as DNS has them; those that point back into the option (RFC 1035, 4.1.4) stay bytes.
    private var domainNames: String? {
        var rest = value[...]
        var names: [String] = []
        var labels: [String] = []
        while let length = rest.popFirst() {
            guard length > 0 else {
                names.append(labels.joined(separator: "."))
                labels = []
                continue
            }
            guard length < 64, rest.count >= Int(length) else { return nil }
            labels.append(String(printable: rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return labels.isEmpty && !names.isEmpty ? names.joined(separator: ", ") : nil
    }

    // MARK: - Bytes

    static func hex(_ bytes: some Collection<UInt8>) -> String {
        let text = bytes.prefix(256).map(hexText).joined()
        return bytes.count > 256 ? text + "… (\(bytes.count) bytes)" : text
    }

    static func textOrHex(_ bytes: [UInt8]) -> String {
        bytes.allSatisfy { (0x20...0x7e).contains($0) } ? String(printable: bytes) : hex(bytes)
    }

    /// Sub-options, each as `body` words it; what is not whole in hex.
    static func encapsulated(_ bytes: [UInt8], _ body: (UInt8, [UInt8]) -> String) -> String {
        var rest = bytes[...]
        var parts: [String] = []
        while let code = rest.popFirst(), code != 255 {
            guard code != 0 else { continue }
            guard let length = rest.popFirst(), rest.count >= Int(length) else {
                parts.append("\(code) broken off \(hex(rest))")
                break
            }
            parts.append(body(code, Array(rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
        return parts.joined(separator: "; ")
    }
}

/// PXE 2.1, table 2-1.
enum PXESubOption {
    private static let names: [UInt8: String] = [
        1: "MTFTP address", 2: "MTFTP client port", 3: "MTFTP server port", 4: "MTFTP timeout", 5: "MTFTP delay",
        6: "discovery control", 7: "discovery multicast address", 8: "boot servers", 9: "boot menu", 10: "menu prompt",
        71: "boot item",
    ]

    static func text(_ code: UInt8, _ value: [UInt8]) -> String {
        let name = names[code] ?? "\(code)"
        switch code {
        case 6: return "\(name) \(value.first.map(String.init) ?? "empty")"
        case 10: return "\(name) \(value.first.map(String.init) ?? "?") s \(String(printable: value.dropFirst()))"
        case 1, 7: return "\(name) " + OptionText(value: value, isPXE: false).text(.address)
        default: return "\(name) \(OptionText.hex(value))"
        }
    }
}

/// Option 175 as iPXE has it.
enum IPXESubOption {
    static func text(_ code: UInt8, _ value: [UInt8]) -> String {
        if let feature = IPXEOptions.Feature(rawValue: code) {
            return value == [1] ? "\(feature)" : "\(feature) \(OptionText.hex(value))"
        }
        switch code {
        case 1: return "priority \(OptionText.hex(value))"
        case 8: return "keep SAN \(OptionText.hex(value))"
        case 176: return "no proxy wait \(OptionText.hex(value))"
        case 177: return "bus \(OptionText.hex(value))"
        case 189: return "BIOS drive \(OptionText.hex(value))"
        case 190: return "user name \(String(printable: value))"
        case 191: return "password (not shown)"
        case 235: return "version \(value.map(String.init).joined(separator: "."))"
        default: return "\(code) \(OptionText.hex(value))"
        }
    }
}
