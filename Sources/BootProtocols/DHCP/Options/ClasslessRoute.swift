/// One route of option 121 (RFC 3442): a destination and the router to it.
public struct ClasslessRoute: Hashable, Sendable {
    public var destination: IPv4Subnet
    public var router: IPv4Address

    public init(to destination: IPv4Subnet, via router: IPv4Address) {
        self.destination = destination
        self.router = router
    }

    /// Reads `10.1.0.0/16 via 10.0.0.254`; `default` is `0.0.0.0/0`.
    public init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ")
        guard words.count == 3, words[1] == "via", let router = IPv4Address(words[2]),
            let destination = IPv4Subnet(words[0] == "default" ? "0.0.0.0/0" : words[0])
        else { return nil }
        self.init(to: destination, via: router)
    }

    /// The prefix length, the octets of the prefix that count, and the router.
    public var encoded: [UInt8] {
        [UInt8(truncatingIfNeeded: destination.prefixLength)]
            + destination.network.octets.prefix((destination.prefixLength + 7) / 8) + router.octets
    }

    /// Whether the routes in the value of an option 121 have a default route among them.
    public static func hasDefault(in value: some Collection<UInt8>) -> Bool {
        var reader = ByteReader(Array(value))
        while let length = reader.uint8() {
            if length == 0 { return true }
            guard length <= 32, reader.slice((Int(length) + 7) / 8 + 4) != nil else { return false }
        }
        return false
    }
}
