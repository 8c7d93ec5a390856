package import BootProtocols

/// The base URL of a boot server: `http://10.0.0.1:8987`.
///
/// An address, never a name: stage 1 is statically linked and has no resolver.
package struct ServerURL: Hashable, Sendable, CustomStringConvertible {
    package static let expected = "a URL like http://10.0.0.1:8987 (an IPv4 address, no path)"

    package let address: IPv4Address
    package let port: UInt16

    package init(address: IPv4Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Nil unless the text is `http://`, an IPv4 address, an optional port (80 without), and at most a
    /// closing slash.
    package init?(_ text: some StringProtocol) {
        let scheme = "http://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        var rest = text.dropFirst(scheme.count)
        if rest.last == "/" { rest = rest.dropLast() }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, let address = IPv4Address(host) else { return nil }
        self.address = address
        guard parts.count == 2, let digits = parts.last else {
            port = 80
            return
        }
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        self.port = port
    }

    /// The value of a request's Host field (RFC 9110, 7.2).
    package var authority: String { "\(address):\(port)" }

    package var description: String { "http://\(authority)" }
}

extension ServerURL: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let url = ServerURL(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not \(Self.expected)")
        }
        self = url
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
