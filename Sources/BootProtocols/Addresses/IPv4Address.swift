/// An IPv4 address in host order, so that addresses compare and count as numbers.
public struct IPv4Address: Hashable, Comparable, Sendable {
    /// `10.0.0.1` is `0x0a000001`.
    public let value: UInt32

    /// `0.0.0.0`, "this host" (RFC 1122, 3.2.1.3).
    public static let any = IPv4Address(value: 0)
    /// `255.255.255.255`, limited broadcast.
    public static let broadcast = IPv4Address(value: .max)

    public init(value: UInt32) {
        self.value = value
    }

    /// The address in four octets, or nil for any other count.
    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 4 else { return nil }
        self.init(value: octets.reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// Reads dotted decimal. Leading zeros are refused: some readers take them for octal.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var octet: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard octet <= 255 else { return nil }
            value = value << 8 | octet
        }
        self.init(value: value)
    }

    /// The number's own hash; see `MACAddress`.
    public func _rawHashValue(seed: Int) -> Int { value._rawHashValue(seed: seed) }

    /// The four octets in wire order.
    public var octets: [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }
}

extension IPv4Address: CustomStringConvertible, LosslessStringConvertible {
    public var description: String { octets.map(String.init).joined(separator: ".") }

    public init?(_ description: String) {
        self.init(description[...])
    }
}

extension IPv4Address: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = IPv4Address(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IPv4 address: \(text)")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
