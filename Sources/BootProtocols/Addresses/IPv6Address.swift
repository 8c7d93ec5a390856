/// An IPv6 address. Perseid boots by IPv4; it meets IPv6 where boot programs wait for a router.
public struct IPv6Address: Hashable, Sendable {
    /// The first eight octets, the first most significant.
    public let high: UInt64
    /// The last eight octets.
    public let low: UInt64

    /// `::`
    public static let unspecified = IPv6Address(high: 0, low: 0)

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The link-local address that stateless configuration makes out of a MAC (RFC 4291, 2.5.1 and appendix A).
    public init(linkLocalOf mac: MACAddress) {
        let upper = mac.value >> 24 & 0xff_ffff
        let lower = mac.value & 0xff_ffff
        self.init(high: 0xfe80 << 48, low: (upper << 40 | 0xfffe << 24 | lower) ^ 0x0200 << 48)
    }

    /// Within fe80::/10.
    public var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }
}

extension ByteReader {
    package mutating func ipv6Address() -> IPv6Address? {
        guard remaining >= 16, let first = uint32(), let second = uint32(), let third = uint32(), let last = uint32()
        else { return nil }
        return IPv6Address(high: UInt64(first) << 32 | UInt64(second), low: UInt64(third) << 32 | UInt64(last))
    }
}

extension ByteWriter {
    package mutating func write(_ address: IPv6Address) {
        for half in [address.high, address.low] {
            write(UInt32(truncatingIfNeeded: half >> 32))
            write(UInt32(truncatingIfNeeded: half))
        }
    }
}
