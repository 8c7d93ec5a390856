/// A 48-bit IEEE 802 MAC address: the key by which Perseid knows a node.
public struct MACAddress: Hashable, Comparable, Sendable {
    /// The address in the low 48 bits, first octet most significant.
    public let value: UInt64

    /// All ones, the Ethernet broadcast address.
    public static let broadcast = MACAddress(value: 0xffff_ffff_ffff)

    /// Takes the low 48 bits of `value`.
    public init(value: UInt64) {
        self.value = value & 0xffff_ffff_ffff
    }

    /// The address in six octets, or nil for any other count.
    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 6 else { return nil }
        self.init(value: octets.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Reads `52:54:00:12:34:56`, the same with `-`, or twelve hex digits, in either case.
    public init?(_ text: some StringProtocol) {
        var value: UInt64 = 0
        var digits = 0
        var separator: UInt8?
        for byte in text.utf8 {
            if let digit = hexDigitValue(byte) {
                guard digits < 12 else { return nil }
                value = value << 4 | UInt64(digit)
                digits += 1
            } else {
                guard byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") else { return nil }
                guard digits.isMultiple(of: 2), digits > 0, digits < 12 else { return nil }
                guard separator == nil ? digits == 2 : separator == byte else { return nil }
                separator = byte
            }
        }
        let separators = text.utf8.count - digits
        guard digits == 12, separators == 0 || separators == 5 else { return nil }
        self.init(value: value)
    }

    /// The six octets in wire order.
    public var octets: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: value >> (40 - 8 * UInt64($0))) }
    }

    /// True for group addresses, which no node has as its own.
    public var isMulticast: Bool { value & 0x0100_0000_0000 != 0 }

    public static func < (left: MACAddress, right: MACAddress) -> Bool { left.value < right.value }

    /// The six octets in lower case hex, joined by `separator`.
    public func joined(by separator: String) -> String {
        octets.map(hexText).joined(separator: separator)
    }
}

extension MACAddress: CustomStringConvertible, LosslessStringConvertible {
    /// `52:54:00:12:34:56`
    public var description: String { joined(by: ":") }

    public init?(_ description: String) {
        self.init(description[...])
    }
}

extension MACAddress {
    /// The number's own hash, as good and a fifth cheaper than that of a structure around it: a DHCP exchange looks up
    /// some thirty addresses.
    public func _rawHashValue(seed: Int) -> Int { value._rawHashValue(seed: seed) }
}

extension MACAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = MACAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address: \(text)")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The value of an ASCII hex digit in either case.
package func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
