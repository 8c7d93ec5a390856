/// The first octets of MAC addresses: three are a maker's (IEEE's OUI), six are one machine's.
public struct MACAddressPrefix: Hashable, Sendable {
    /// The octets as the high ones of a 48-bit address; zeros follow.
    private let value: UInt64
    /// 1...6
    public let octetCount: Int

    /// Reads one to six octets of two hex digits, joined by `:` or `-`: `dc:a6:32`.
    public init?(_ text: some StringProtocol) {
        let separator: Character = text.contains("-") ? "-" : ":"
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard (1...6).contains(parts.count), parts.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        let whole = parts.joined(separator: ":") + String(repeating: ":00", count: 6 - parts.count)
        guard let address = MACAddress(whole) else { return nil }
        value = address.value
        octetCount = parts.count
    }

    /// Whether `address` begins with these octets.
    public func contains(_ address: MACAddress) -> Bool {
        let rest = UInt64(48 - 8 * octetCount)
        return address.value >> rest == value >> rest
    }
}

extension MACAddressPrefix: CustomStringConvertible {
    /// `dc:a6:32`
    public var description: String {
        MACAddress(value: value).octets.prefix(octetCount).map(hexText).joined(separator: ":")
    }
}
