/// How the value of an option is written: made of text, as it stands in a configuration file, and read.
public enum DHCPOptionForm: String, CaseIterable, Hashable, Sendable {
    case address, addresses
    /// Destination and router by turns, without masks.
    case addressPairs
    /// `true` or `false`, one byte.
    case flag
    case uint8, uint16, uint32, int32
    /// Four bytes; all ones is for ever.
    case seconds
    case text
    /// Names as DNS writes them, each ended by a zero, none compressed (RFC 3397, 2; RFC 1035, 3.1).
    case domainNames
    /// `10.1.0.0/16 via 10.0.0.254` (RFC 3442).
    case routes
    /// `hex:0a0b` or `text:words`.
    case bytes
    // What the protocol itself and boot programs use: made by the server, else given as bytes.
    case messageType, overload, codes, clientIdentifier, userClass, relayAgent, architectures, networkInterface
    case machine, vendor, ipxe

    /// What to write, for errors.
    public var expectation: String {
        switch self {
        case .address: "one IPv4 address"
        case .addresses: "IPv4 addresses, at most 63"
        case .addressPairs: "IPv4 addresses, destination and router by turns"
        case .flag: "true or false"
        case .uint8: "a number from 0 to 255"
        case .uint16: "a number from 0 to 65535"
        case .uint32: "a number from 0 to 4294967295"
        case .seconds: "seconds, 0 to 4294967295"
        case .int32: "a number from -2147483648 to 2147483647"
        case .text: "one text of at most 255 bytes"
        case .domainNames: "domain names, at most 255 bytes in all"
        case .routes: "routes such as `10.1.0.0/16 via 10.0.0.254`"
        case .bytes, .messageType, .overload, .codes, .clientIdentifier, .userClass, .relayAgent, .architectures,
            .networkInterface, .machine, .vendor, .ipxe:
            "`hex:` and an even number of hex digits, or `text:` and words"
        }
    }

    /// The value in wire form; nil if `values` are not what is expected.
    package func encode(_ values: [String]) -> [UInt8]? {
        switch self {
        case .address, .flag, .uint8, .uint16, .uint32, .int32, .seconds, .text, .bytes, .messageType, .overload,
            .codes, .clientIdentifier, .userClass, .relayAgent, .architectures, .networkInterface, .machine, .vendor,
            .ipxe:
            guard let value = values.first, values.count == 1 else { return nil }
            return encodeOne(value)
        case .addresses: return Self.joined(values) { IPv4Address($0)?.octets }
        case .addressPairs:
            return values.count.isMultiple(of: 2) ? Self.joined(values) { IPv4Address($0)?.octets } : nil
        case .domainNames: return Self.joined(values, Self.domainName)
        case .routes: return Self.joined(values) { ClasslessRoute($0)?.encoded }
        }
    }

    private func encodeOne(_ text: String) -> [UInt8]? {
        switch self {
        case .address: return IPv4Address(text)?.octets
        case .flag: return text == "true" ? [1] : text == "false" ? [0] : nil
        case .uint8: return UInt8(text).map { [$0] }
        case .uint16:
            return UInt16(text).map { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        case .uint32, .seconds: return UInt32(text).map { IPv4Address(value: $0).octets }
        case .int32: return Int32(text).map { IPv4Address(value: UInt32(bitPattern: $0)).octets }
        case .text: return text.isEmpty || text.utf8.contains(0) ? nil : Array(text.utf8)
        case .addresses, .addressPairs, .domainNames, .routes: return nil
        case .bytes, .messageType, .overload, .codes, .clientIdentifier, .userClass, .relayAgent, .architectures,
            .networkInterface, .machine, .vendor, .ipxe:
            return Self.bytes(text)
        }
    }

    /// `hex:0a:0b` or `hex:0a0b`, or `text:words`.
    static func bytes(_ text: String) -> [UInt8]? {
        if text.hasPrefix("text:") {
            let value = Array(text.dropFirst(5).utf8)
            return value.isEmpty ? nil : value
        }
        guard text.hasPrefix("hex:") else { return nil }
        let digits = text.dropFirst(4).utf8.filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: " ") }
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        var value: [UInt8] = []
        var high: UInt8?
        for byte in digits {
            guard let digit = hexDigitValue(byte) else { return nil }
            if let first = high {
                value.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return value
    }

    private static func joined(_ values: [String], _ encode: (String) -> [UInt8]?) -> [UInt8]? {
        guard !values.isEmpty else { return nil }
        var result: [UInt8] = []
        for value in values {
            guard let bytes = encode(value) else { return nil }
            result += bytes
        }
        return result
    }

    private static func domainName(_ text: String) -> [UInt8]? {
        var name = text[...]
        if name.last == "." { name = name.dropLast() }
        var bytes: [UInt8] = []
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count), label.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes += label
        }
        return bytes.count < 255 ? bytes + [0] : nil
    }
}
